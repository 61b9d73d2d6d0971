#include "evidence/names.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "evidence/codec.h"

namespace cm4it::evidence {
namespace {

constexpr std::size_t longest_term = 128;  // octets of a value that are indexed

bool is_word_octet(unsigned char octet) { return std::isalnum(octet) || octet >= 128; }

}  // namespace

namespace {

std::string shortened(std::string result) {
  if (result.size() <= longest_term) return result;
  const std::string digest = to_hex(crypto::sha256(view(result)));  // alike in the beginning is not the same
  return result.substr(0, longest_term - digest.size()) + digest;
}

// Blanks around separators go, also escaped ones; of others in a row one stays.
std::string without_blanks(std::string_view name) {
  constexpr std::string_view separators = ",+=:#";
  std::string result;
  bool blank = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == ' ' || (name[i] == '\\' && i + 1 < name.size() && name[i + 1] == ' ')) {
      blank = true;
      i += name[i] == '\\';
      continue;
    }
    const bool separates = separators.find(name[i]) != separators.npos;
    if (blank && !separates && !result.empty() && separators.find(result.back()) == separators.npos) result.push_back(' ');
    blank = false;
    result.push_back(name[i]);
    if (name[i] == '\\' && i + 1 < name.size()) result.push_back(name[++i]);
  }
  return result;
}

}  // namespace

std::string case_folded(std::string_view text) { return shortened(lowercase(text)); }

std::string alias_key(std::string_view alias) {
  std::string name = lowercase(alias);
  return shortened(name.starts_with("x509-issued:") ? without_blanks(name) : name);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < text.size() && words.size() < 32;) {
    std::size_t end = i;
    while (end < text.size() && is_word_octet(static_cast<unsigned char>(text[end]))) ++end;
    if (end > i) words.push_back(case_folded(text.substr(i, std::min<std::size_t>(end - i, 64))));
    i = end + 1;
  }
  return words;
}

std::vector<Alias> aliases_of(const Statement& statement) {
  std::vector<Alias> aliases;
  const auto add = [&](const std::string& name, AliasRank rank) {
    if (!name.empty() && aliases.size() < budget::aliases) aliases.push_back({alias_key(name), rank});
  };
  for (const auto& name : statement.aliases) add(name, AliasRank::own);
  if (const auto* identity = std::get_if<Identity>(&statement.body)) {
    if (!identity->serial.empty()) add("serial:" + identity->serial, AliasRank::own);
    for (const auto& uri : identity->uris)
      if (!is_proved_name(uri)) add(uri, AliasRank::own);
  }
  for (const auto& name : statement.other_keys.names) add(name, statement.other_keys.agreed ? AliasRank::agreed : AliasRank::claimed);
  std::sort(aliases.begin(), aliases.end());
  aliases.erase(std::unique(aliases.begin(), aliases.end()), aliases.end());
  return aliases;
}

std::string_view mail_address(std::string_view user_id) {
  const auto begin = user_id.rfind('<'), end = user_id.rfind('>');
  if (begin == user_id.npos || end == user_id.npos || end < begin) return user_id;
  return user_id.substr(begin + 1, end - begin - 1);
}

std::vector<std::pair<std::string, std::string>> search_terms_of(const Statement& statement) {
  std::vector<std::pair<std::string, std::string>> terms;
  terms.reserve(statement.domains.size() + 8);
  for (const auto& domain : statement.domains) terms.emplace_back("domain", domain);
  terms.emplace_back("issuer", statement.issuer.text());
  if (const auto* identity = std::get_if<Identity>(&statement.body)) {
    terms.emplace_back("type", to_string(identity->type));
    if (!identity->maker.empty()) terms.emplace_back("maker", case_folded(identity->maker));
    if (!identity->model.empty()) terms.emplace_back("model", case_folded(identity->model));
    for (const auto* text : {&identity->name, &identity->maker, &identity->model, &identity->serial, &identity->version})
      for (auto& word : words_of(*text)) terms.emplace_back("word", std::move(word));
  }
  if (const auto* codec = find_codec(statement.format); codec && codec->user_ids) {
    const auto* identity = std::get_if<Identity>(&statement.body);
    const std::string_view user_id = identity ? std::string_view(identity->name) : std::string_view(statement.component.user_id);
    if (!user_id.empty()) terms.emplace_back("address", case_folded(mail_address(user_id)));
  }
  for (auto& word : words_of(statement.component.user_id)) terms.emplace_back("word", std::move(word));
  if (const auto* transfer = std::get_if<Transfer>(&statement.body)) {
    terms.emplace_back("transferred", transfer->domain);
    terms.emplace_back("domain", transfer->domain);  // a buyer's things are found before the buyer has said anything of them
  }
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

}  // namespace cm4it::evidence
