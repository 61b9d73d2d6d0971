#include "ledger/link_notes.h"

namespace cm4it::ledger {
namespace {

std::string_view ending(LinkNote which) {
  switch (which) {
    case LinkNote::position: return "/position";
    case LinkNote::leaves: return "/leaves";
    case LinkNote::broken: return "/broken";
  }
  return {};
}

}  // namespace

std::string link_notes(std::string_view domain) { return "link/" + std::string(domain) + "/"; }

std::string link_note(std::string_view domain, std::string_view url, LinkNote which) {
  return link_notes(domain) + std::string(url) + std::string(ending(which));
}

bool is_link_note(std::string_view key, LinkNote which) { return key.ends_with(ending(which)); }

}  // namespace cm4it::ledger
