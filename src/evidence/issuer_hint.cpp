#include "evidence/issuer_hint.h"

#include <algorithm>

namespace cm4it::evidence {
namespace {

constexpr std::string_view method1_space = "method1:";

}  // namespace

bool IssuerHint::by_hash_alone() const { return !key && !names.empty() && std::all_of(names.begin(), names.end(), is_hash_of_key); }

std::string method1_name(View identifier) { return std::string(method1_space) + to_hex(identifier); }

std::optional<Bytes> method1_of(std::string_view name) {
  if (!is_hash_of_key(name)) return {};
  auto identifier = from_hex(name.substr(method1_space.size()));
  if (!identifier || identifier->size() != method1_octets) return {};
  return std::move(*identifier);
}

bool is_hash_of_key(std::string_view name) { return name.starts_with(method1_space); }

bool is_named(const crypto::PublicKey& key, std::string_view name) {
  const auto identifier = method1_of(name);
  return identifier && equal(key.method1_id(), *identifier);
}

}  // namespace cm4it::evidence
