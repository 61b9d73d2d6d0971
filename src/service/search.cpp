// Search: the narrowest index a query names gives candidates; what the fold says of each decides.
#include <algorithm>

#include "ledger/names.h"
#include "service/impl.h"

namespace cm4it::service {
namespace {

struct Term { std::string_view field; std::string value; };

// The index to walk: the one that is likely to have the fewest rows.
Term narrowest(const SearchQuery& query, const std::string& domain, const std::vector<std::string>& words) {
  if (!words.empty())
    return {"word", *std::max_element(words.begin(), words.end(),
                                      [](const auto& a, const auto& b) { return a.size() < b.size(); })};
  if (!query.model.empty()) return {"model", query.model};
  if (!query.maker.empty()) return {"maker", query.maker};
  if (!query.issuer.empty()) return {"issuer", query.issuer};
  if (!query.type.empty()) return {"type", query.type};
  return {"domain", domain};
}

bool same(const std::string& wanted, const std::string& found) {
  return wanted.empty() || ledger::folded(wanted) == ledger::folded(found);
}

bool has_words(const policy::Verdict& verdict, const std::vector<std::string>& words) {
  if (words.empty()) return true;
  std::vector<std::string> found;
  if (verdict.identity)
    for (const auto* text : {&verdict.identity->name, &verdict.identity->maker, &verdict.identity->model,
                             &verdict.identity->serial, &verdict.identity->version})
      for (auto& word : ledger::words_of(*text)) found.push_back(std::move(word));
  return std::all_of(words.begin(), words.end(),
                     [&](const auto& word) { return std::find(found.begin(), found.end(), word) != found.end(); });
}

bool matches(const Looked& looked, const SearchQuery& query, const std::vector<std::string>& words) {
  const auto& verdict = looked.verdict;
  const auto& identity = verdict.identity;
  if (!query.type.empty() && (!identity || evidence::to_string(identity->type) != query.type)) return false;
  if (!query.maker.empty() && (!identity || !same(query.maker, identity->maker))) return false;
  if (!query.model.empty() && (!identity || !same(query.model, identity->model))) return false;
  if (!query.status.empty() && (!verdict.status || evidence::to_string(*verdict.status) != query.status)) return false;
  if (!query.holder.empty() && verdict.holder != query.holder) return false;
  if (!query.issuer.empty() &&
      std::none_of(verdict.judgements.begin(), verdict.judgements.end(), [&](const auto& judgement) {
        return judgement.counts && judgement.fact->statement.issuer.text() == query.issuer;
      }))
    return false;
  return has_words(verdict, words);
}

}  // namespace

Result<SearchPage> Service::search(const SearchQuery& query, const Principal& who) const {
  if (query.limit == 0 || query.limit > budget::search_results)
    return fail(Code::malformed, "limit: 1 to " + std::to_string(budget::search_results));
  const std::string domain = impl_->domain_or_default(query.domain);
  const auto words = ledger::words_of(query.words);
  std::optional<SubjectId> after;
  if (!query.cursor.empty()) {
    TRY(after, SubjectId::parse(query.cursor));
  }
  TRY(const auto reader, impl_->ledger->reader());
  CHECK_OK(impl_->check_kept(reader.published(), domain));
  if (sees_nothing(reader.policies(), domain, std::nullopt, who)) return SearchPage{};
  const Term term = narrowest(query, domain, words);
  SearchPage page;
  const std::size_t most_folded = std::min(query.most_folded, impl_->options.folded_statements);
  CHECK_OK(reader.search(term.field, term.value, after, [&](const SubjectId& subject) {
    if (page.subjects.size() >= query.limit || page.examined >= query.most_examined || page.folded >= most_folded) {
      page.cursor = after ? after->text() : "";
      return false;
    }
    ++page.examined;
    after = subject;
    auto looked = look(reader, subject, domain, who, {}, page.folded);
    if (looked && looked->known && matches(*looked, query, words))
      page.subjects.push_back(std::move(*looked));
    return true;
  }));
  return page;
}

}  // namespace cm4it::service
