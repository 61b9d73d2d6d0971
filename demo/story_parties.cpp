#include <fmt/format.h>

#include "story.h"

namespace cm4it::demo {

void Story::found_the_parties() {
  for (Party* party : {&acme_, &dev_, &tuev_, &plant_, &field_}) party->found();
  for (Party* party : {&acme_, &dev_, &tuev_, &plant_}) party->start();
}

// The owners have told each other their keys' ids by telephone: --owner.
void Story::make_trust() {
  const auto trusts = [&](const Party& peer, const std::string& as) {
    plant_.does(fmt::format("{} trusts {} as its {}", plant_.domain, peer.domain, as),
                {"trust", plant_.directory, peer.url, "--as", as, "--owner", peer.owner()});
  };
  trusts(acme_, "manufacturer");
  trusts(dev_, "developer");
  trusts(tuev_, "certifier");

  field_.does("the infield ICS will copy from the plant's home",
              {"trust", field_.directory, plant_.url, "--as", "copy", "--owner", plant_.owner()});
  field_.start();
  plant_.does("the plant enrols the infield ICS as a copy of what is in hall 3",
              {"server", "add", plant_.directory, "field-a", "--key", field_.server_key(), "--url", field_.url, "--select",
               "cloud=hall-3"});
}

}  // namespace cm4it::demo
