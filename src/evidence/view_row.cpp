#include "evidence/view_row.h"

#include <limits>

#include "base/cbor_values.h"
#include "evidence/codec.h"

namespace cm4it::evidence {
namespace {

using cbor::get;
using cbor::get_number;
using cbor::put;

// Fields that few statements have: they are stored in a map that has only those that are present.
enum Extra : std::int64_t {
  not_before = 1, expires, domains, aliases, other_keys, agreed, user_id, component, signing_component, hard_revocation, supporting, weak, credentials,
  revocations
};

struct WriteBody {
  CborWriter& out;

  void operator()(const Identity& body) const {
    out.uint(static_cast<std::uint8_t>(body.type)).bytes(body.spki);
    for (const auto* text : {&body.name, &body.maker, &body.model, &body.serial, &body.version}) put(out, *text);
    put(out, body.uris);
    out.array(2 * body.attributes.size());
    for (const auto& [name, value] : body.attributes) {
      put(out, name);
      put(out, value);
    }
  }
  void operator()(const Endorse& body) const {
    put(out, body.label);
    put(out, body.note);
  }
  void operator()(const StatusChange& body) const {
    out.uint(static_cast<std::uint8_t>(body.status));
    put(out, body.reason);
  }
  void operator()(const Transfer& body) const {
    put(out, body.domain);
    out.bytes(body.owner.digest);
  }
  void operator()(const Assign& body) const { put(out, body.cloud); }
  void operator()(const Withdraw& body) const {
    out.bytes(body.statement.digest);
    put(out, body.reason);
    put(out, body.component);
  }
  void operator()(const PolicyText& body) const { put(out, body.descriptor); }
};

struct ReadBody {
  CborReader& in;

  Result<void> operator()(Identity& body) const {
    CHECK_OK(get_number(in, body.type));
    CHECK_OK(get(in, body.spki));
    for (auto* text : {&body.name, &body.maker, &body.model, &body.serial, &body.version}) CHECK_OK(get(in, *text));
    CHECK_OK(get(in, body.uris));
    TRY(const auto size, in.array());
    for (std::size_t i = 0; i + 1 < size; i += 2) {
      std::string name, value;
      CHECK_OK(get(in, name));
      CHECK_OK(get(in, value));
      body.attributes.emplace_hint(body.attributes.end(), std::move(name), std::move(value));
    }
    return {};
  }
  Result<void> operator()(Endorse& body) const {
    CHECK_OK(get(in, body.label));
    return get(in, body.note);
  }
  Result<void> operator()(StatusChange& body) const {
    CHECK_OK(get_number(in, body.status));
    return get(in, body.reason);
  }
  Result<void> operator()(Transfer& body) const {
    CHECK_OK(get(in, body.domain));
    return get(in, body.owner.digest);
  }
  Result<void> operator()(Assign& body) const { return get(in, body.cloud); }
  Result<void> operator()(Withdraw& body) const {
    CHECK_OK(get(in, body.statement.digest));
    CHECK_OK(get(in, body.reason));
    return get(in, body.component);
  }
  Result<void> operator()(PolicyText& body) const { return get(in, body.descriptor); }
};

// The alternative of Body with this index.
template <std::size_t I = 0>
bool make_body(Body& body, std::uint64_t index) {
  if constexpr (I == std::variant_size_v<Body>) return false;
  else if (index == I) return body.emplace<I>(), true;
  else return make_body<I + 1>(body, index);
}

// [findings, issuer's name, scope, number, this update, next update, name]
constexpr std::size_t list_fields = 7;

void write_list(CborWriter& out, const RevocationList& list) {
  out.array(list_fields);
  put(out, list.findings());
  put(out, list.issuer_name);
  put(out, list.scope);
  put(out, list.number);
  put(out, list.this_update);
  put(out, list.next_update);
  put(out, list.name);
}

// Extras in the order of their numbers, as deterministic CBOR wants its keys. Written twice: to count them, then to write them.
class Extras {
 public:
  explicit Extras(CborWriter* out) : out_(out) {}
  std::size_t count() const { return count_; }

  void write(const Statement& one) {
    if (one.not_before) next(not_before, [&](CborWriter& out) { put(out, *one.not_before); });
    if (one.expires) next(expires, [&](CborWriter& out) { put(out, *one.expires); });
    if (!one.domains.empty()) next(domains, [&](CborWriter& out) { put(out, one.domains); });
    if (!one.aliases.empty()) next(aliases, [&](CborWriter& out) { put(out, one.aliases); });
    if (!one.other_keys.names.empty()) next(other_keys, [&](CborWriter& out) { put(out, one.other_keys.names); });
    flag(agreed, one.other_keys.agreed);
    if (!one.component.user_id.empty()) next(user_id, [&](CborWriter& out) { put(out, one.component.user_id); });
    if (one.component.digest) next(component, [&](CborWriter& out) { put(out, one.component.digest); });
    if (one.signing_component) next(signing_component, [&](CborWriter& out) { put(out, one.signing_component); });
    flag(hard_revocation, one.component.hard_revocation);
    flag(supporting, one.component.supporting);
    flag(weak, one.component.weak);
    if (!one.credentials.empty()) next(credentials, [&](CborWriter& out) {
      out.array(2 * one.credentials.size());
      for (const auto& credential : one.credentials) out.bytes(credential->octets()).bytes(credential->findings());
    });
    if (one.revocations) next(revocations, [&](CborWriter& out) { write_list(out, *one.revocations); });
  }

 private:
  template <class Write>
  void next(Extra key, Write&& write_value) {
    ++count_;
    if (!out_) return;
    out_->integer(key);
    write_value(*out_);
  }
  void flag(Extra key, bool set) {
    if (set) next(key, [](CborWriter& out) { out.boolean(true); });
  }

  CborWriter* const out_;
  std::size_t count_ = 0;
};

// All of one format: that of certificates.
Result<void> read_credentials(CborReader& in, std::vector<CredentialPtr>& to) {
  static const Codec& codec = *find_codec(certificate_format);
  TRY(const auto size, in.array());
  for (std::size_t i = 0; i + 1 < size; i += 2) {
    TRY(const View octets, in.bytes());
    TRY(const View findings, in.bytes());
    TRY(auto credential, codec.known_credential(octets, findings));
    to.push_back(std::move(credential));
  }
  return {};
}

Result<void> read_list(CborReader& in, Statement& of) {
  const Codec* codec = find_codec(of.format);
  TRY(const auto size, in.array());
  if (size != list_fields || !codec || !codec->known_list) return fail(Code::malformed, "view: a list that is not known");
  TRY(const View findings, in.bytes());
  TRY(auto list, codec->known_list(findings));
  CHECK_OK(get(in, list->issuer_name));
  CHECK_OK(get(in, list->scope));
  CHECK_OK(get(in, list->number));
  CHECK_OK(get(in, list->this_update));
  CHECK_OK(get(in, list->next_update));
  CHECK_OK(get(in, list->name));
  of.revocations = std::move(list);
  return {};
}

Result<void> read_flag(CborReader& in, bool& to) {
  TRY(to, in.boolean());
  return {};
}

Result<void> read_extra(CborReader& in, std::int64_t key, Statement& one) {
  switch (key) {
    case not_before: return get(in, one.not_before.emplace());
    case expires: return get(in, one.expires.emplace());
    case domains: return get(in, one.domains);
    case aliases: return get(in, one.aliases);
    case other_keys: return get(in, one.other_keys.names);
    case agreed: return read_flag(in, one.other_keys.agreed);
    case user_id: return get(in, one.component.user_id);
    case component: return get(in, one.component.digest);
    case signing_component: return get(in, one.signing_component);
    case hard_revocation: return read_flag(in, one.component.hard_revocation);
    case supporting: return read_flag(in, one.component.supporting);
    case weak: return read_flag(in, one.component.weak);
    case credentials: return read_credentials(in, one.credentials);
    case revocations: return read_list(in, one);
    default: return fail(Code::malformed, "view: an extra that is not known");
  }
}

// [issued at, kind, extras, body…]
void write_one(CborWriter& out, const Statement& one) {
  out.integer(one.issued_at.seconds).uint(one.body.index());
  Extras counted(nullptr), written(&out);
  counted.write(one);
  out.map(counted.count());
  written.write(one);
  std::visit(WriteBody{out}, one.body);
}

Result<void> read_one(CborReader& in, Statement& one) {
  CHECK_OK(get(in, one.issued_at));
  TRY(const auto kind, in.uint());
  if (!make_body(one.body, kind)) return fail(Code::malformed, "view: a kind that is not known");
  CHECK_OK(in.int_map([&](std::int64_t key) { return read_extra(in, key, one); }));
  return std::visit(ReadBody{in}, one.body);
}

}  // namespace

// format, issuer, id, then one statement after another: a sequence of items (RFC 8742).
Bytes write_view(std::span<const Statement* const> statements) {
  CborWriter out;
  const Statement& first = *statements.front();
  out.uint(static_cast<std::uint8_t>(first.format)).bytes(first.issuer.digest).bytes(first.id.digest);
  for (const Statement* one : statements) write_one(out, *one);
  return out.take();
}

namespace {

Result<ViewHead> read_head(CborReader& in) {
  ViewHead head;
  CHECK_OK(get_number(in, head.format));
  CHECK_OK(get(in, head.issuer.digest));
  CHECK_OK(get(in, head.id.digest));
  return head;
}

}  // namespace

Result<ViewHead> read_view_head(View view) {
  CborReader in(view);
  return read_head(in);
}

Result<ViewReader> ViewReader::open(View view, const SubjectId& subject) {
  CborReader in(view, std::numeric_limits<std::size_t>::max());  // our own: as many items as it has
  TRY(const ViewHead head, read_head(in));
  return ViewReader(std::move(in), head, subject);
}

Result<void> ViewReader::next(Statement& to) {
  to.format = head_.format;
  to.issuer = head_.issuer;
  to.id = head_.id;
  to.subject = *subject_;
  return read_one(in_, to);
}

Result<std::vector<Statement>> read_view(View view, const SubjectId& subject) {
  TRY(auto reader, ViewReader::open(view, subject));
  std::vector<Statement> statements;
  while (!reader.done()) CHECK_OK(reader.next(statements.emplace_back()));
  return statements;
}

}  // namespace cm4it::evidence
