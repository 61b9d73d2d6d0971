#include "apps/ics/import_state.h"

#include <filesystem>
#include <fstream>

#include "apps/ics/files.h"
#include "apps/ics/json.h"
#include "crypto/digest.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t most_put_off = 100'000;
constexpr std::size_t most_reasons = 100;
constexpr std::size_t state_bytes = 16 * 1024 * 1024;
constexpr std::size_t id_digits = 16;
constexpr std::string_view extension = ".import-state";

// The names of the lists of reasons, in the state's file and in what machines are told.
struct List { const char* name; ImportState::Reasons ImportState::*reasons; };
constexpr List lists[] = {
    {"refused", &ImportState::refused}, {"not_yet", &ImportState::waiting}, {"left_out", &ImportState::left_out}};

// What is particular about one piece, an id, is left out, so that the same reason is counted once.
std::string without_ids(const std::string& message) {
  std::string text;
  std::size_t digits = 0;
  for (const char c : message) {
    digits = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ? digits + 1 : 0;
    if (digits < id_digits) text += c;
    if (digits == id_digits) text.replace(text.size() - id_digits + 1, id_digits, "…");
  }
  return text;
}

void add_to(ImportState::Reasons& reasons, std::string text, const ImportState::Reason& more) {
  if (!reasons.contains(text) && reasons.size() >= most_reasons) text = "other reasons";
  auto& reason = reasons[text];
  const auto count = reason.count + more.count;
  if (reason.count == 0) reason = more;
  reason.count = count;
}

void add_to(ImportState::Reasons& reasons, const Error& error, std::uint64_t begin) {
  add_to(reasons, std::string(to_string(error.code)) + ": " + without_ids(error.message), {1, begin, error.detail, {}});
}

json::array reasons_json(const ImportState::Reasons& reasons) {
  json::array list;
  for (const auto& [text, reason] : reasons)
    list.push_back({{"reason", text}, {"count", reason.count}, {"first_at", reason.first}, {"hint", reason.hint}});
  return list;
}

}  // namespace

void ImportState::count(const Submitted& item, std::uint64_t begin) {
  using Outcome = Submitted::Outcome;
  switch (item.outcome) {
    case Outcome::received: return void(++(item.is_new ? received : known));
    case Outcome::provisional: return void(++(item.is_new ? provisional : known));
    case Outcome::refused: return add_to(refused, item.error, begin);
    case Outcome::not_yet: break;
  }
  if (put_off.size() == most_put_off) return add_to(refused, item.error, begin);
  add_to(waiting, item.error, begin);
  put_off.push_back(begin);
}

void ImportState::leave_out(const std::string& why, std::uint64_t begin) { add_to(left_out, without_ids(why), {1, begin, {}, {}}); }

void ImportState::add(const ImportState& of_file, const std::string& file) {
  pieces += of_file.pieces;
  received += of_file.received;
  provisional += of_file.provisional;
  known += of_file.known;
  for (const auto& list : lists)
    for (auto [text, reason] : of_file.*list.reasons) {
      reason.file = file;
      add_to(this->*list.reasons, text, reason);
    }
}

std::uint64_t ImportState::refusals() const {
  std::uint64_t sum = 0;
  for (const auto& [text, reason] : refused) sum += reason.count;
  return sum;
}

json::object counts_json(const ImportState& state) {
  return {{"pieces", state.pieces},
          {"received", state.received},
          {"provisional", state.provisional},
          {"already_known", state.known},
          {"not_yet", reasons_json(state.waiting)},
          {"refused", reasons_json(state.refused)},
          {"left_out", reasons_json(state.left_out)}};
}

std::string state_file_of(const std::string& file) { return file + std::string(extension); }

bool is_state_file(const std::string& name) { return name.ends_with(extension); }

std::string mark_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string begin(64 * 1024, '\0');
  in.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<std::size_t>(in.gcount()));
  std::error_code failed;
  const auto size = std::filesystem::file_size(file, failed);
  return std::to_string(size) + "/" + to_hex(crypto::sha256(view(begin)));
}

ImportState read_state(const std::string& file, ImportState fresh) {
  const auto text = read_file(file, state_bytes);
  if (!text) return fresh;
  boost::system::error_code failed;
  const auto value = json::parse(*text, failed);
  if (failed || !value.is_object()) return fresh;
  const auto& saved = value.get_object();
  if (text_at(saved, "url") != fresh.url || text_at(saved, "domain") != fresh.domain || text_at(saved, "mark") != fresh.mark)
    return fresh;
  ImportState state = std::move(fresh);
  state.offset = number_at(saved, "offset");
  state.pieces = number_at(saved, "pieces");
  state.received = number_at(saved, "received");
  state.provisional = number_at(saved, "provisional");
  state.known = number_at(saved, "already_known");
  state.done = flag_at(saved, "done");
  for (const auto& list : lists)
    for (const auto& entry : array_at(saved, list.name)) {
      if (!entry.is_object()) continue;
      const auto& one = entry.get_object();
      (state.*list.reasons)[text_at(one, "reason")] = {number_at(one, "count"), number_at(one, "first_at"), text_at(one, "hint"), {}};
    }
  for (const auto& entry : array_at(saved, "put_off")) {
    const auto offset = entry.to_number<std::uint64_t>(failed);
    if (!failed) state.put_off.push_back(offset);
  }
  return state;
}

Result<void> write_state(const std::string& file, const ImportState& state) {
  auto document = counts_json(state);
  document["url"] = state.url;
  document["domain"] = state.domain;
  document["mark"] = state.mark;
  document["offset"] = state.offset;
  document["done"] = state.done;
  document["put_off"] = json::array(state.put_off.begin(), state.put_off.end());
  const auto text = json::serialize(document);
  return write_file(file, view(text));
}

}  // namespace cm4it::ics
