// demo-gateway: one gateway of the demo.
#include <signal.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>

#include "apps/ics/files.h"
#include "apps/ics/key_source.h"
#include "gateway.h"

namespace {

struct Options {
  std::string key, ics, ics_key, domain, listen = "127.0.0.1:0", token;
};

cm4it::Result<void> run(const Options& options) {
  using namespace cm4it;
  TRY(auto key, crypto::load_key(options.key));
  TRY(auto ics_key, ics::public_key_from(options.ics_key));
  Bytes token;
  if (!options.token.empty()) {
    TRY(const auto text, ics::read_file(options.token));
    token = to_bytes(view(text));
  }
  demo::FieldIcs field(options.ics, ics_key, options.domain);
  demo::Gateway gateway({std::move(key), options.listen, std::move(token)}, field);
  return gateway.serve();
}

}  // namespace

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  CLI::App app{"demo-gateway: lets sensors in on an infield ICS's word"};
  Options options;
  app.add_option("--key", options.key, "its private key")->required();
  app.add_option("--ics", options.ics, "the infield ICS's URL")->required();
  app.add_option("--ics-key", options.ics_key, "that server's public key: a file or base64")->required();
  app.add_option("--domain", options.domain, "the domain it works in")->required();
  app.add_option("--listen", options.listen, "ADDRESS:PORT");
  app.add_option("--token", options.token, "show this token (a file) instead of its own");
  CLI11_PARSE(app, argc, argv);
  if (auto done = run(options); !done) {
    std::fprintf(stderr, "demo-gateway: %s\n", done.error().message.c_str());
    return 3;
  }
  return 0;
}
