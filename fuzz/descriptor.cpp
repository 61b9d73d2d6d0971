// Policy descriptors and selectors. What parses keeps its text and parses the same again; a selector's text is read back as
// the same selector; a glob is compared in time that its length explains (-timeout).
#include "fuzz/fuzz.h"
#include "policy/descriptor.h"

using namespace cm4it;
using namespace cm4it::policy;
using namespace cm4it::fuzz;

namespace {

void check(const Selector& selector) {
  const Selector again = must(Selector::parse(selector.text()), "a selector's text parses");
  require(again == selector, "a selector's text says the same");
  require(!selector.matches({}) || selector.globs.empty(), "what has no values matches only the empty selector");
}

void check(const Selectors& selectors) {
  const Selectors again = must(Selectors::parse(selectors.text()), "selectors' text parses");
  require(again.text() == selectors.text(), "selectors' text says the same");
  for (const auto& one : selectors.any_of) check(one);
}

void check(const Descriptor& descriptor, std::string_view text) {
  require(descriptor.text == text, "a descriptor is kept as its author wrote it");
  require(descriptor.version >= 1 && evidence::is_domain_name(descriptor.domain), "head");
  require(descriptor.find_key(descriptor.owner) != nullptr, "the owner's key is listed");
  bool home = false;
  for (const auto& [name, server] : descriptor.servers) {
    require(server.home == server.log.has_value(), "homes, and only homes, have a log");
    require(descriptor.server_with_key(server.key.id()) != nullptr, "a server is found by its key");
    if (server.select) check(*server.select);
    home |= server.home;
  }
  require(home, "a domain has a home");
  for (const auto& permit : descriptor.permits) check(permit.from), check(permit.to);
  for (const auto& copy : descriptor.copies) check(copy.select);
  for (const auto& domain : descriptor.referenced()) require(domain != descriptor.domain, "referenced domains are others");
  const Descriptor again = must(parse_descriptor(text), "what parses parses again");
  require(diff(descriptor, again).empty(), "parsing is a function");
  (void)advice(descriptor);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = text({data, size});
  if (const auto descriptor = parse_descriptor(input)) check(*descriptor, input);
  if (const auto selector = Selector::parse(input)) check(*selector);
  if (const auto selectors = Selectors::parse(input)) check(*selectors);
  if (const auto half = input.find('\n'); half != input.npos) {
    const auto glob = input.substr(0, half), text = input.substr(half + 1);
    (void)glob_matches(glob, text);
    if (glob.find_first_of("*?") == glob.npos) require(glob_matches(glob, text) == (glob == text), "a plain glob is equality");
    require(glob_matches("*", text), "a star matches everything");
  }
  return 0;
}

// A line at a time: by octets, nearly every change would hit a key's base64.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  std::minstd_rand random(seed);
  const View input(data, size);
  const auto lines = std::count(input.begin(), input.end(), '\n') + 1;
  if (random() % 8 == 0) return LLVMFuzzerMutate(data, size, most);
  auto begin = input.begin();
  for (auto skip = random() % lines; skip > 0; --skip) begin = std::find(begin, input.end(), '\n') + 1;
  const auto end = std::find(begin, input.end(), '\n');
  Bytes made(input.begin(), begin);
  append(made, mutate({begin, end}, 256));
  made.insert(made.end(), end, input.end());
  return put(made, data, size, most);
}
