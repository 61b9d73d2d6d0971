// The payload of a native statement, as sign() writes it.
#include "base/cbor.h"
#include "evidence/formats/native/body.h"

namespace cm4it::evidence {
namespace {

void write_optional(CborWriter& out, std::int64_t key, const std::string& text) {
  if (!text.empty()) out.integer(key).text(text);
}

void write_identity(CborWriter& out, const Identity& identity) {
  const std::string* const texts[] = {&identity.name, &identity.maker, &identity.model, &identity.serial, &identity.version};
  std::size_t pairs = 1 + !identity.spki.empty() + !identity.uris.empty() + !identity.attributes.empty();
  for (const auto* text : texts) pairs += !text->empty();
  out.map(pairs).uint(1).text(to_string(identity.type));
  if (!identity.spki.empty()) out.uint(2).bytes(identity.spki);
  for (int i = 0; i < 5; ++i) write_optional(out, 3 + i, *texts[i]);
  if (!identity.uris.empty()) {
    out.uint(8).array(identity.uris.size());
    for (const auto& uri : identity.uris) out.text(uri);
  }
  if (identity.attributes.empty()) return;
  // Deterministic order: shorter keys first, as their heads sort (RFC 8949 section 4.2.1).
  std::vector<const std::pair<const std::string, std::string>*> sorted;
  sorted.reserve(identity.attributes.size());
  for (const auto& attribute : identity.attributes) sorted.push_back(&attribute);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    return a->first.size() != b->first.size() ? a->first.size() < b->first.size() : a->first < b->first;
  });
  out.uint(9).map(sorted.size());
  for (const auto* attribute : sorted) out.text(attribute->first).text(attribute->second);
}

struct WriteBody {
  CborWriter& out;
  void operator()(const Identity& body) const { write_identity(out, body); }
  void operator()(const Endorse& body) const {
    out.map(1 + !body.note.empty()).uint(1).text(body.label);
    write_optional(out, 2, body.note);
  }
  void operator()(const StatusChange& body) const {
    out.map(1 + !body.reason.empty()).uint(1).text(to_string(body.status));
    write_optional(out, 2, body.reason);
  }
  void operator()(const Transfer& body) const { out.map(2).uint(1).text(body.domain).uint(2).bytes(body.owner.digest); }
  void operator()(const Assign& body) const {
    out.map(!body.cloud.empty());
    write_optional(out, 1, body.cloud);
  }
  void operator()(const Withdraw& body) const {
    out.map(1 + !body.reason.empty()).uint(1).bytes(body.statement.digest);
    write_optional(out, 2, body.reason);
  }
  void operator()(const PolicyText& body) const { out.map(1).uint(1).text(body.descriptor); }
};

}  // namespace

Bytes write_payload(const std::vector<std::string>& domains, const Body& body) {
  CborWriter out;
  out.map(3).uint(1).array(domains.size());
  for (const auto& domain : domains) out.text(domain);
  out.uint(2).uint(body.index() + 1).uint(3);
  std::visit(WriteBody{out}, body);
  return out.take();
}

}  // namespace cm4it::evidence
