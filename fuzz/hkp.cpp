// Requests of the key server's door. The first octet says which call, the rest is its query, path or body. Whatever comes is
// answered, by a status that exists, for scripts of any page too; and asking changes nothing: the same question again has the
// same answer.
#include <future>

#include "evidence/formats/openpgp/test_support.h"
#include "frontends/hkp/hkp.h"
#include "fuzz/fuzz.h"
#include "service/intake.h"
#include "store/memory.h"

using namespace cm4it;
using namespace cm4it::fuzz;
namespace pgp = evidence::openpgp::test;

namespace {

constexpr Time present{1'800'000'000};

crypto::SignerPtr key_of(const std::string& name, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  return must(crypto::from_seed(algorithm, crypto::sha256(view("cm4it fuzz key " + name))), "a key");
}

std::string base64_of(const std::string& name, crypto::Algorithm algorithm = crypto::Algorithm::eddsa) {
  return "\"" + key_of(name, algorithm)->public_key().base64() + "\"";
}

// An open key server with one certificate.
class Door {
 public:
  Door() : service_(must(start(), "a service")), hkp_(*service_, {}), handler_(hkp_.handler()) {
    const std::string policy = "domain = \"keys.example\"\nversion = 1\nowner = \"keys\"\n[keys]\nkeys = " + base64_of("keys") +
                               "\n[servers]\nmain = { key = " + base64_of("server", crypto::Algorithm::es256) + ", log = " + base64_of("log") +
                               ", url = \"https://keys.example\", home = true }\n[write]\nidentity = [\"self\"]\nstatus = [\"self\"]\nendorse = [\"self\"]\n";
    const auto owner = key_of("keys");
    take(must(evidence::split("application/cose", must(evidence::sign({service::SubjectId::key(owner->public_key().id()), {"keys.example"},
                                                                       evidence::PolicyText{policy}, present, {}, {}}, *owner), "a policy")), "a statement"));
    const auto key = pgp::pgp_key(key_of("holder"), 4);
    const auto name = view("Holder <holder@keys.example>");
    Bytes certificate = pgp::packet(evidence::openpgp::tag::public_key, key.body);
    append(certificate, pgp::packet(evidence::openpgp::tag::user_id, name));
    append(certificate, pgp::packet(evidence::openpgp::tag::signature, pgp::sign_over(key, key, evidence::openpgp::tag::user_id, name, {})));
    take(must(evidence::split("application/pgp-keys", certificate), "a certificate"));
  }

  net::Response ask(const net::Request& request) {
    std::promise<net::Response> answered;
    handler_(request, net::Responder::to([&](net::Response response) { answered.set_value(std::move(response)); }));
    return answered.get_future().get();
  }

 private:
  static Result<std::unique_ptr<service::Service>> start() {
    service::Options options{.clock = [] { return present; }, .server_key = key_of("server", crypto::Algorithm::es256),
                             .default_domain = "keys.example", .workers = 1};
    ledger::Options ledger{.server_name = "main", .log_key = key_of("log"), .homes = {"keys.example"},
                           .pins = {{"keys.example", key_of("keys")->public_key().id(), policy::Pin::Source::configuration}},
                           .clock = [] { return present; }, .on_broken = {}};
    return service::Service::start(std::move(options), std::move(ledger), store::open_memory());
  }

  void take(std::vector<evidence::Piece> pieces) {
    std::promise<void> done;
    require(service_->intake().submit(std::move(pieces), {}, [&](const auto& results) {
              for (const auto& result : results) require(result.outcome == service::ItemResult::Outcome::received, "what is to be asked for is there");
              done.set_value();
            }).has_value(), "a submission");
    done.get_future().get();
  }

  std::unique_ptr<service::Service> service_;
  hkp::Hkp hkp_;
  const net::Handler handler_;
};

struct Asked { const char *method, *path, *content_type; };
constexpr Asked calls[] = {{"GET", "/pks/lookup", ""}, {"GET", "/pks/", ""}, {"GET", "/pks/v2/", ""},
                           {"POST", "/pks/add", "application/x-www-form-urlencoded"}, {"POST", "/pks/v2/certs", "application/pgp-keys"},
                           {"POST", "/pks/hashquery", "application/octet-stream"}};

void check(const net::Response& response) {
  require(response.ready || (response.status >= 200 && response.status < 600), "a status that exists");
  const bool open = response.ready || std::any_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
    return header.first == "Access-Control-Allow-Origin" && header.second == "*";
  });
  require(open, "for scripts of any page");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Door door;
  if (size < 1) return 0;
  const Asked& call = calls[data[0] % std::size(calls)];
  const std::string rest(text({data + 1, size - 1}));
  const bool posted = std::string_view(call.method) == "POST";
  const bool in_path = std::string_view(call.path).ends_with('/');
  const auto mark = in_path ? rest.find('?') : 0;
  const std::string path = call.path + (in_path ? rest.substr(0, mark) : "");
  const std::string query = posted ? "" : in_path ? (mark == rest.npos ? "" : rest.substr(mark + 1)) : rest;
  const std::string target = path + (query.empty() ? "" : "?" + query);
  if (!hkp::Hkp::serves(path)) return 0;

  std::vector<net::Field> fields;
  net::Request request;
  request.method = call.method;
  request.target = target;
  request.path = path;
  request.query = query;
  if (posted) {
    fields.push_back({"Content-Type", call.content_type});
    request.fields = fields;
    request.body = view(rest);
  }
  const auto first = door.ask(request);
  check(first);
  if (posted) return 0;
  const auto again = door.ask(request);
  check(again);
  require(first.ready || again.ready || (first.status == again.status && first.body == again.body), "the same question, the same answer");
  return 0;
}
