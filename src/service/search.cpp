// Search: the index rows of the query's terms give the candidates, and the fold decides on each of them.
#include <algorithm>

#include "base/text.h"
#include "evidence/names.h"
#include "service/verdicts.h"

namespace cm4it::service {
namespace {

using Terms = std::vector<ledger::Reader::Term>;

// The terms that the index is searched for: all of them, so that a rare combination is found among many subjects that share one term.
Terms terms_of(const SearchQuery& query, const std::string& domain, const std::vector<std::string>& words) {
  Terms terms;
  for (const auto& word : words) terms.push_back({"word", word});
  if (!query.model.empty()) terms.push_back({"model", query.model});
  if (!query.maker.empty()) terms.push_back({"maker", query.maker});
  if (!query.issuer.empty()) terms.push_back({"issuer", query.issuer});
  if (!query.type.empty()) terms.push_back({"type", query.type});
  if (terms.empty()) terms.push_back({"domain", domain});
  return terms;
}

bool same(const std::string& wanted, const std::string& found) {
  return wanted.empty() || evidence::case_folded(wanted) == evidence::case_folded(found);
}

bool has_words(const policy::Verdict& verdict, const std::vector<std::string>& words) {
  if (words.empty()) return true;
  std::vector<std::string> found;
  if (verdict.identity)
    for (const auto* text : {&verdict.identity->name, &verdict.identity->maker, &verdict.identity->model,
                             &verdict.identity->serial, &verdict.identity->version})
      for (auto& word : evidence::words_of(*text)) found.push_back(std::move(word));
  return std::all_of(words.begin(), words.end(),
                     [&](const auto& word) { return contains(found, word); });
}

bool matches(const SubjectView& looked, const SearchQuery& query, const std::vector<std::string>& words) {
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

Result<SearchPage> Verdicts::search(const SearchQuery& query, const Principal& who) const {
  if (query.limit == 0 || query.limit > budget::search_results)
    return fail(Code::malformed, "limit: 1 to " + std::to_string(budget::search_results));
  const std::string domain = access_.domain_or_default(query.domain);
  const auto words = evidence::words_of(query.words);
  std::optional<SubjectId> after;
  if (!query.cursor.empty()) {
    TRY(after, SubjectId::parse(query.cursor));
  }
  TRY(const auto reader, ledger_.reader());
  CHECK_OK(access_.check_held(reader.published(), domain));
  if (access_.sees_nothing(reader.policies(), domain, std::nullopt, who)) return SearchPage{};
  const Terms terms = terms_of(query, domain, words);
  SearchPage page;
  const std::size_t most_folded = std::min(query.most_folded, most_folded_);
  const auto visit = [&](const SubjectId& subject) {
    if (page.subjects.size() >= query.limit || page.examined >= query.most_examined || page.folded >= most_folded) {
      page.cursor = after ? after->text() : "";
      return false;
    }
    ++page.examined;
    after = subject;
    auto looked = look_up_in(reader, subject, domain, who, {}, page.folded);
    if (looked && looked->known && matches(*looked, query, words))
      page.subjects.push_back(std::move(*looked));
    return true;
  };
  if (terms.size() == 1) {
    CHECK_OK(reader.search(terms[0].field, terms[0].value, after, visit));
    return page;
  }
  const auto from = after;
  TRY(const auto stopped, reader.search_all(terms, from, 4 * query.most_examined, visit));
  if (stopped) {
    page.cursor = stopped->text();
    page.examined = query.most_examined;  // by rows that were passed over: those who ask in parts count them too
  }
  return page;
}

}  // namespace cm4it::service
