#include "evidence/formats/openpgp/placing.h"

#include <algorithm>

#include "base/budgets.h"
#include "evidence/formats/openpgp/meaning.h"

namespace cm4it::evidence::openpgp {

std::string component_name(const Packet& packet) {
  if (packet.tag == tag::user_id) return "user id \"" + shown_text(packet.body, 64) + "\"";
  return packet.tag == tag::user_attribute ? "a user attribute" : "a subkey";
}

std::string Placing::place(const std::string& what) const {
  return primary_ ? "certificate " + primary_->fingerprint.text() + ": " + what : what;
}

void Placing::begin_certificate(Key primary) {
  end_certificate();
  primary_ = std::move(primary);
  gathered_.add_certificate(primary_->fingerprint);
  components_.push_back({.name = "the key"});
}

void Placing::begin(Component component) {
  flush(components_.back());
  components_.push_back(std::move(component));
}

void Placing::begin_unknown(const std::string& name) { begin({.name = name, .good = false}); }

void Placing::begin_component(const Packet& packet) {
  begin({.tag = packet.tag, .body = packet.body, .name = component_name(packet)});
  Component& component = components_.back();
  const auto refuse = [&](std::string why) {
    component.good = false;
    gathered_.drop(place(component.name), std::move(why));
  };
  if (components_.size() > budget::openpgp_components + 1) {
    refuse("more than " + std::to_string(budget::openpgp_components) + " user ids and subkeys");
    components_.pop_back();
    return begin({.name = "what is too much", .good = false});
  }
  if (const auto fits = check_component(packet.tag, packet.body); !fits) return refuse(fits.error().message);
  if (packet.tag != tag::public_subkey) return;
  auto subkey = read_key(packet.body);
  if (!subkey) return refuse(subkey.error().message);
  component.name = "subkey " + subkey->fingerprint.text();
  component.subkey = std::move(*subkey);
}

void Placing::take_signature(View body) {
  Component& component = components_.back();
  auto signature = read_certificate_signature(body);
  if (!signature) {
    if (component.good) gathered_.drop(place(component.name + ": signature"), signature.error().message);
    else gathered_.drop_along();
    return;
  }
  if (names_nobody(*signature)) {
    signature->issuer = primary_->fingerprint;
    signature->issuer_key_id = primary_->fingerprint.key_id();
  }
  const bool of_another = signature->type == signature_type::key_revocation && !made_by(*signature, *primary_);
  if (of_another) return gathered_.add_without_key(body);  // `cat one.pgp other.pgp one.rev`
  const bool belongs_here = component.good && belongs(signature->type, component.tag);
  const auto begin = belongs_here ? digest_begin(*signature, component, hashed_at_home_) : DigestBegin{};
  const bool at_home = belongs_here && (!begin || *begin == signature->digest_begin);
  auto& misplaced = misplaced_[urgency_of(*signature, *primary_)];
  if (!at_home && misplaced.size() < budget::openpgp_misplaced) {
    misplaced.push_back({std::move(*signature), components_.size() - 1});
    return;
  }
  if (!component.good) gathered_.drop_along();
  else put(std::move(*signature), component, begin);
}

Placing::DigestBegin Placing::digest_begin(const Signature& signature, const Component& component, std::size_t& hashed) const {
  constexpr std::size_t least = 1024;  // what a digest costs of itself, in octets
  hashed += std::max(least, component.body.size() + primary_->body.size() + signature.hashed.size());
  if (hashed > budget::openpgp_placing_bytes) return {};
  const Bytes digest = crypto::digest(signature.hash, signed_input(signature, *primary_, component.tag, component.body,
                                                                   component.subkey ? &*component.subkey : nullptr));
  return std::array{digest[0], digest[1]};
}

void Placing::put(Signature signature, const Component& component, const DigestBegin& begin) {
  auto& list = signatures_[urgency_of(signature, *primary_)];
  const auto what = [&] { return place(component.name + ": signature"); };
  if (list.size() >= budget::openpgp_signatures)
    return gathered_.drop(what(), "more than " + std::to_string(budget::openpgp_signatures) + " on this component");
  PieceParts parts{*primary_, component.tag, component.body, component.subkey, std::move(signature), {}};
  if (const auto checked = check_parts(parts); !checked) return gathered_.drop(what(), checked.error().message);
  // Those octets are a hint that some writers have wrong; others refuse what has them wrong.
  if (begin) parts.signature.digest_begin = *begin;
  list.push_back(canonical_signature(parts.signature, parts.back_signature.has_value()));
}

void Placing::flush(const Component& component) {
  for (std::size_t urgency = 0; urgency < urgencies; ++urgency) {
    for (const Bytes& signature : signatures_[urgency])
      gathered_.add(*primary_, component.tag, component.body, signature, static_cast<Urgency>(urgency), place(component.name + ": signature"));
    signatures_[urgency].clear();
  }
}

void Placing::end_certificate() {
  if (!primary_) return;
  flush(components_.back());
  for (auto& misplaced : misplaced_) {
    for (Misplaced& one : misplaced) find_place(std::move(one));
    misplaced.clear();
  }
  components_.clear();
  primary_.reset();
}

// Where its digest fits; else it stays where it came, for its own octets may be wrong.
void Placing::find_place(Misplaced one) {
  for (const Component& component : components_) {
    if (!component.good || !belongs(one.signature.type, component.tag)) continue;
    const auto begin = digest_begin(one.signature, component, hashed_elsewhere_);
    const bool of_the_key = one.signature.type == signature_type::key_revocation;  // there is one such place
    if (!of_the_key && (!begin || *begin != one.signature.digest_begin)) continue;
    put(std::move(one.signature), component, begin);
    return flush(component);
  }
  const Component& came = components_[one.component];
  if (!came.good) return gathered_.drop_along();
  const auto begin = belongs(one.signature.type, came.tag) ? digest_begin(one.signature, came, hashed_at_home_) : DigestBegin{};
  put(std::move(one.signature), came, begin);
  flush(came);
}

}  // namespace cm4it::evidence::openpgp
