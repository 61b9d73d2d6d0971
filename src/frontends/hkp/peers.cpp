// What other key servers and those who refresh a keyring ask: POST /pks/hashquery of SKS, GET /pks/v2/prefixlog/DATE.
#include <set>

#include "base/budgets.h"
#include "evidence/formats/openpgp/openpgp.h"
#include "frontends/hkp/impl.h"
#include "service/queues.h"

namespace cm4it::hkp {
namespace {

using Make = std::function<Answer(const CertificateIndex&)>;

// Answers once the index has come to where the journal ended at the first turn, in as many turns as that takes; where the client has gone it is left as far as it is.
void answer_in_turn(const std::shared_ptr<Hkp::Impl>& hkp, const service::Caller& caller, const std::shared_ptr<net::Responder>& respond, bool v2,
                    const Make& make) {
  const auto until = std::make_shared<std::optional<std::uint64_t>>();
  const auto accepted = hkp->service.queues().read_in_parts(caller, [hkp, respond, v2, make, until] {
    if (respond->gone()) return false;
    const auto end = until->value_or(hkp->index.present());
    const auto ready = hkp->index.follow(end);
    if (ready && !*ready) {
      *until = end;
      return true;
    }
    auto answer = ready ? make(hkp->index) : Answer(tl::unexpected<Error>(ready.error()));
    (*respond)(answer ? std::move(*answer) : error_answer(answer.error(), v2));
    return false;
  });
  if (!accepted) (*respond)(error_answer(accepted.error(), v2));
}

void append_u32(std::string& to, std::size_t value) {
  for (const int shift : {24, 16, 8, 0}) to.push_back(static_cast<char>(value >> shift & 0xff));
}

std::size_t read_u32(View four) {
  return std::size_t{four[0]} << 24 | std::size_t{four[1]} << 16 | std::size_t{four[2]} << 8 | std::size_t{four[3]};
}

constexpr std::size_t longest_query = 4 + budget::hashquery_digests * (4 + sizeof(crypto::Md5)) + 2;  // and a line's end

//   query = count *( length digest ), count and length of 32 bits, most significant octet first
Result<std::set<crypto::Md5>> parse_hash_query(View body) {
  constexpr std::size_t entry = 4 + sizeof(crypto::Md5);
  if (body.size() < 4) return fail(Code::malformed, "body: a count of 4 octets expected");
  const std::size_t count = read_u32(body);
  if (count > budget::hashquery_digests)
    return fail(Code::too_large, "body: more than " + std::to_string(budget::hashquery_digests) + " digests", "ask in parts");
  View rest = body.subspan(4);
  std::set<crypto::Md5> digests;
  for (std::size_t i = 0; i < count; ++i, rest = rest.subspan(entry)) {
    if (rest.size() < entry || read_u32(rest) != sizeof(crypto::Md5))
      return fail(Code::malformed, "body: digest " + std::to_string(i + 1) + ": a length of 16 and as many octets expected");
    crypto::Md5 digest;
    std::copy_n(rest.begin() + 4, digest.size(), digest.begin());
    digests.insert(digest);
  }
  if (!rest.empty() && text(rest) != "\r\n") return fail(Code::malformed, "body: octets behind the last digest");
  return digests;
}

Answer answer_hash_query(const CertificateIndex& index, const std::set<crypto::Md5>& digests) {
  std::string found;
  std::size_t count = 0;
  for (const auto& digest : digests) {
    TRY(const auto one, index.with_digest(digest));
    if (!one || found.size() + one->bytes.size() > budget::hashquery_bytes) continue;  // peers ask again for what did not come
    append_u32(found, one->bytes.size());
    found += text(one->bytes);
    ++count;
  }
  std::string body;
  append_u32(body, count);
  return plain(200, body + found + "\r\n", "pgp/keys");  // the end and the type that SKS and Hockeypuck give
}

// So many hex digits that few certificates begin alike, and no more: who fetches what begins so tells little of its keyring.
std::size_t prefix_digits(std::size_t certificates) {
  std::size_t digits = 4;
  for (std::size_t of = 4096; certificates > of; of *= 16) ++digits;
  return digits;
}

}  // namespace

void hash_query(Hkp::Impl& hkp, const Call& call, net::Responder respond) {
  // Before it waits: what waits is counted in requests, not in octets.
  if (call.request->body.size() > longest_query)
    return respond(error_answer({Code::too_large, "body: more than " + std::to_string(budget::hashquery_digests) + " digests", "ask in parts"}, false));
  const auto body = std::make_shared<const net::Body>(call.request->take_body());
  answer_in_turn(hkp.shared_from_this(), call.caller, std::make_shared<net::Responder>(std::move(respond)), false,
                 [body](const auto& index) -> Answer {
                   TRY(const auto digests, parse_hash_query(body->view()));
                   return answer_hash_query(index, digests);
                 });
}

void prefix_log(Hkp::Impl& hkp, const Call& call, net::Responder respond) {
  if (call.path.size() < 4 || call.path[3].empty()) return respond(error_answer({Code::not_permitted, "path: a date is needed", ""}, true));
  const auto since = from_rfc3339(call.path[3] + "T00:00:00Z");
  if (call.path.size() > 4 || call.path[3].size() != 10 || !since)
    return respond(error_answer({Code::malformed, "path: a date expected: 2026-12-31", ""}, true));
  answer_in_turn(hkp.shared_from_this(), call.caller, std::make_shared<net::Responder>(std::move(respond)), true, [since = *since](const auto& index) -> Answer {
    TRY(const auto changed, index.changed_since(since, budget::prefixlog_lines));
    std::set<std::string> prefixes;
    for (const auto& fingerprint : changed) prefixes.insert(to_hex(fingerprint.octets).substr(0, prefix_digits(index.size())));
    std::string lines;
    for (const auto& prefix : prefixes) lines += prefix + "\r\n";
    return plain(200, std::move(lines));
  });
}

}  // namespace cm4it::hkp
