// ASCII armor. What is read is written in the one form, and read again.
#include "evidence/formats/openpgp/armor.h"
#include "fuzz/fuzz.h"

using namespace cm4it;
using namespace cm4it::evidence::openpgp;
using namespace cm4it::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const View input(data, size);
  if (const auto blocks = dearmor(input)) {
    std::string all;
    std::size_t total = 0;
    for (const auto& block : *blocks) {
      all += armor(block.kind, block.data);
      total += block.data.size();
    }
    require(total < size, "armor is larger than what is in it");
    const auto again = must(dearmor(view(all)), "armor is read again");
    require(again.size() == blocks->size(), "every block is read again");
    for (std::size_t i = 0; i < again.size(); ++i) {
      require(again[i].kind == (*blocks)[i].kind && again[i].data == (*blocks)[i].data, "armor keeps what is in it");
      require(again[i].checksum_fits.value_or(true), "our checksum fits");
    }
  }
  const std::string armored = armor(ArmorKind::signature, input);
  const auto one = must(dearmor(view(armored)), "any octets can be armored");
  require(one.size() == 1 && equal(one[0].data, input), "armor keeps any octets");
  require(looks_armored(view(armored)), "armor looks so");
  return 0;
}
