// pkcs11: URIs. What is read is written in the one form, and read again as the same.
#include "crypto/pkcs11_uri.h"
#include "base/budgets.h"
#include "fuzz/fuzz.h"

using namespace cm4it;
using namespace cm4it::crypto;
using namespace cm4it::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto uri = Pkcs11Uri::parse(input);
  if (!uri) return 0;
  require(uri->pin_source.empty() || uri->pin_source[0] != '|', "no command is taken for a file");
  require(uri->module_path.empty() || (uri->module_path[0] == '/' && uri->module_name.empty()), "one module, from the root on");
  require(uri->module_name.find('/') == std::string::npos, "a module's name is no path");
  require(!uri->token_text().empty() && !uri->key_text().empty(), "people are told which key it is");
  const std::string text = uri->text();
  if (text.size() > budget::key_uri_bytes) return 0;  // percent-encoded it may be three times as long
  const auto again = must(Pkcs11Uri::parse(text), "what was written is read");
  require(again == *uri && again.text() == text, "it is the same");
  return 0;
}
