#include "evidence/formats/native/body.h"

#include <algorithm>

#include "base/budgets.h"
#include "base/cbor.h"
#include "evidence/formats/native/rules.h"

namespace cm4it::evidence {
namespace {

// Text that people read: clean, bounded, and left out rather than empty.
Result<std::string> read_text(CborReader& reader, const std::string& path, std::size_t most,
                              std::string_view controls = {}) {
  auto text = reader.text();
  if (!text) return within(path, std::move(text).error());
  if (text->empty()) return bad_body(path, "empty text is left out");
  if (text->size() > most) return fail(Code::too_large, path + ": more than " + std::to_string(most) + " octets");
  if (!is_clean_text(*text, controls)) return bad_body(path, "control characters");
  return std::string(*text);
}

Result<KeyId> read_key_id(CborReader& reader, const std::string& path) {
  auto bytes = reader.bytes();
  if (!bytes) return within(path, std::move(bytes).error());
  if (bytes->size() != 32) return bad_body(path, "an id has 32 octets");
  KeyId id;
  std::copy(bytes->begin(), bytes->end(), id.digest.begin());
  return id;
}

Result<std::string> read_domain(CborReader& reader, const std::string& path) {
  auto text = reader.text();
  if (!text) return within(path, std::move(text).error());
  if (!is_domain_name(*text)) return bad_body(path, "\"" + std::string(text->substr(0, 64)) + "\" is no domain name");
  return std::string(*text);
}

// A body's fields: each handler consumes its value. What is not known is refused.
template <class F>
Result<void> fields(CborReader& reader, F&& take) {
  return reader.int_map([&](std::int64_t key) -> Result<void> { return take(key, "payload.3." + std::to_string(key)); });
}

tl::unexpected<Error> unknown_field(const std::string& path, Kind kind) {
  return bad_body(path, std::string("no field of a statement of kind ") + to_string(kind));
}

Result<std::vector<std::string>> read_uris(CborReader& reader, const std::string& path) {
  TRY(const auto count, reader.array());
  if (count == 0) return bad_body(path, "an empty list is left out");
  if (count > budget::uris) return fail(Code::too_large, path + ": more than " + std::to_string(budget::uris) + " URIs");
  std::vector<std::string> uris;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(auto uri, read_text(reader, path + "[" + std::to_string(i) + "]", budget::text_field));
    if (uri.find(':') == uri.npos || uri.find(' ') != uri.npos) return bad_body(path, "\"" + uri.substr(0, 64) + "\" is no URI");
    uris.push_back(std::move(uri));
  }
  return uris;
}

Result<std::map<std::string, std::string>> read_attributes(CborReader& reader, const std::string& path) {
  std::map<std::string, std::string> attributes;
  CHECK_OK(reader.text_map([&](std::string_view name) -> Result<void> {
    if (name.empty() || name.size() > 64 || !is_clean_text(name)) return bad_body(path, "an attribute's name has 1 to 64 octets");
    if (attributes.size() >= budget::attributes)
      return fail(Code::too_large, path + ": more than " + std::to_string(budget::attributes) + " attributes");
    TRY(attributes[std::string(name)], read_text(reader, path + "." + std::string(name), budget::note_field));
    return {};
  }));
  if (attributes.empty()) return bad_body(path, "an empty map is left out");
  return attributes;
}

Result<Body> read_identity(CborReader& reader) {
  Identity identity;
  bool typed = false;
  CHECK_OK(fields(reader, [&](std::int64_t key, const std::string& path) -> Result<void> {
    std::string* const texts[] = {&identity.name, &identity.maker, &identity.model, &identity.serial, &identity.version};
    if (key == 1) {
      TRY(const auto text, read_text(reader, path, budget::text_field));
      auto type = parse_type(text);
      if (!type) return within(path, std::move(type).error());
      identity.type = *type;
      typed = true;
    } else if (key == 2) {
      TRY(const View spki, reader.bytes());
      identity.spki = to_bytes(spki);
    } else if (key >= 3 && key <= 7) {
      TRY(*texts[key - 3], read_text(reader, path, budget::text_field));
    } else if (key == 8) {
      TRY(identity.uris, read_uris(reader, path));
    } else if (key == 9) {
      TRY(identity.attributes, read_attributes(reader, path));
    } else {
      return unknown_field(path, Kind::identity);
    }
    return {};
  }));
  if (!typed) return bad_body("payload.3.1", "an identity needs a type");
  return Body(std::move(identity));
}

Result<Body> read_endorse(CborReader& reader) {
  Endorse endorse;
  CHECK_OK(fields(reader, [&](std::int64_t key, const std::string& path) -> Result<void> {
    if (key == 1) {
      TRY(endorse.label, read_text(reader, path, budget::text_field));
    } else if (key == 2) {
      TRY(endorse.note, read_text(reader, path, budget::note_field, "\n\t"));
    } else {
      return unknown_field(path, Kind::endorse);
    }
    return {};
  }));
  if (endorse.label.empty()) return bad_body("payload.3.1", "an endorsement needs a label");
  return Body(std::move(endorse));
}

Result<Body> read_status(CborReader& reader) {
  StatusChange change;
  bool set = false;
  CHECK_OK(fields(reader, [&](std::int64_t key, const std::string& path) -> Result<void> {
    if (key == 1) {
      TRY(const auto text, read_text(reader, path, budget::text_field));
      auto status = parse_status(text);
      if (!status) return within(path, std::move(status).error());
      change.status = *status;
      set = true;
    } else if (key == 2) {
      TRY(change.reason, read_text(reader, path, budget::note_field, "\n\t"));
    } else {
      return unknown_field(path, Kind::status);
    }
    return {};
  }));
  if (!set) return bad_body("payload.3.1", "a status statement needs a status");
  return Body(std::move(change));
}

Result<Body> read_transfer(CborReader& reader) {
  Transfer transfer;
  bool owner = false;
  CHECK_OK(fields(reader, [&](std::int64_t key, const std::string& path) -> Result<void> {
    if (key == 1) {
      TRY(transfer.domain, read_domain(reader, path));
    } else if (key == 2) {
      TRY(transfer.owner, read_key_id(reader, path));
      owner = true;
    } else {
      return unknown_field(path, Kind::transfer);
    }
    return {};
  }));
  if (transfer.domain.empty() || !owner) return bad_body("payload.3", "a transfer names a domain (1) and its owner's key id (2)");
  return Body(std::move(transfer));
}

Result<Body> read_assign(CborReader& reader) {
  Assign assign;
  CHECK_OK(fields(reader, [&](std::int64_t key, const std::string& path) -> Result<void> {
    if (key != 1) return unknown_field(path, Kind::assign);
    TRY(assign.cloud, read_text(reader, path, budget::text_field));
    return {};
  }));
  return Body(std::move(assign));
}

Result<Body> read_withdraw(CborReader& reader) {
  Withdraw withdraw;
  bool target = false;
  CHECK_OK(fields(reader, [&](std::int64_t key, const std::string& path) -> Result<void> {
    if (key == 1) {
      TRY(const auto id, read_key_id(reader, path));
      withdraw.statement.digest = id.digest;
      target = true;
    } else if (key == 2) {
      TRY(withdraw.reason, read_text(reader, path, budget::note_field, "\n\t"));
    } else {
      return unknown_field(path, Kind::withdraw);
    }
    return {};
  }));
  if (!target) return bad_body("payload.3.1", "a withdrawal names the statement it takes back");
  return Body(std::move(withdraw));
}

Result<Body> read_policy(CborReader& reader) {
  PolicyText policy;
  CHECK_OK(fields(reader, [&](std::int64_t key, const std::string& path) -> Result<void> {
    if (key != 1) return unknown_field(path, Kind::policy);
    TRY(policy.descriptor, read_text(reader, path, budget::descriptor_bytes, "\n\r\t"));
    return {};
  }));
  if (policy.descriptor.empty()) return bad_body("payload.3.1", "a policy statement carries a descriptor");
  return Body(std::move(policy));
}

Result<Body> read_body(Kind kind, CborReader& reader) {
  switch (kind) {
    case Kind::identity: return read_identity(reader);
    case Kind::endorse: return read_endorse(reader);
    case Kind::status: return read_status(reader);
    case Kind::transfer: return read_transfer(reader);
    case Kind::assign: return read_assign(reader);
    case Kind::withdraw: return read_withdraw(reader);
    case Kind::policy: return read_policy(reader);
  }
  return bad_body("payload.2", "unknown kind");
}

Result<std::vector<std::string>> read_domains(CborReader& reader) {
  TRY(const auto count, reader.array());
  if (count == 0 || count > budget::statement_domains)
    return bad_body("payload.1", "1 to " + std::to_string(budget::statement_domains) + " domains");
  std::vector<std::string> domains;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(auto domain, read_domain(reader, "payload.1[" + std::to_string(i) + "]"));
    if (!domains.empty() && domains.back() >= domain) return bad_body("payload.1", "domains are sorted, and none is named twice");
    domains.push_back(std::move(domain));
  }
  return domains;
}

}  // namespace

Result<void> read_payload(View payload, Statement& statement, bool from_store) {
  CborReader reader(payload);
  std::uint64_t kind = 0;
  bool has_body = false;
  CHECK_OK(reader.int_map([&](std::int64_t key) -> Result<void> {
    if (key == 1) {
      TRY(statement.domains, read_domains(reader));
    } else if (key == 2) {
      TRY(kind, reader.uint());
      if (kind < 1 || kind > 7)
        return fail(kind == 8 || kind == 9 ? Code::unsupported : Code::malformed,
                    "payload.2: kind " + std::to_string(kind) + " is not one of 1 to 7");
    } else if (key == 3) {
      if (kind == 0) return bad_body("payload.2", "missing");
      TRY(statement.body, read_body(static_cast<Kind>(kind), reader));
      has_body = true;
    } else {
      return bad_body("payload." + std::to_string(key), "no field of a statement");
    }
    return {};
  }));
  CHECK_OK(reader.end());
  if (statement.domains.empty()) return bad_body("payload.1", "missing");
  if (!has_body) return bad_body("payload.3", "missing");
  return check_subject(statement, from_store);
}

}  // namespace cm4it::evidence
