#include "apps/ics/log_reading.h"

#include <algorithm>

#include "apps/ics/chains.h"
#include "apps/ics/files.h"
#include "base/text.h"

namespace cm4it::ics {
namespace {

using tlog::TilePath;

constexpr std::size_t hash_bytes = 32;

Result<Bytes> fetch_tile(const Api& api, const std::string& domain, const TilePath& path) {
  // The path's own slashes and dots are part of it (C2SP tlog-tiles).
  TRY(const auto reply, api.get(target({"log", domain}) + "/" + tlog::format_tile_path(path)));
  return to_bytes(view(reply.body));
}

// The owner our directory knows: pinned in its configuration, of its own home, or pinned by our own policy's [[copy]].
std::optional<KeyId> known_owner(const Context& context, const std::string& domain) {
  if (context.options.dir.empty()) return {};
  const auto directory = context.directory();
  if (!directory) return {};
  const auto pinned = [&](const std::string& name) -> std::optional<KeyId> {
    for (const auto& pin : directory->config().pins)
      if (pin.domain == name) return pin.owner;
    const auto& homes = directory->config().homes;
    if (!contains(homes, name)) return {};
    const auto owner = crypto::load_public_key(directory->owner_key(), {directory->path(), {}, {}});
    return owner ? std::optional(owner->id()) : std::nullopt;
  };
  if (auto owner = pinned(domain)) return owner;
  const auto evidence = directory->evidence();
  const auto ours = pinned(directory->config().domain);
  if (!evidence || !ours) return {};
  const auto chain = chain_of(directory->config().domain, *evidence, ours);
  if (!chain) return {};
  for (const auto& rule : chain->newest()->copies)
    if (rule.domain == domain) return rule.owner;
  return {};
}

tl::unexpected<Error> bad_bundle(std::uint64_t index) {
  return fail(Code::malformed, "entries from " + std::to_string(index * tlog::tile_width) + " on: not as many as the log has");
}

// Leaf hashes of one bundle; none for an entry of which only a digest is given (docs/formats/log.md).
Result<std::vector<std::optional<Digest>>> leaf_hashes(View bundle, std::uint64_t index, unsigned width) {
  std::vector<std::optional<Digest>> hashes;
  while (!bundle.empty()) {
    if (bundle.size() < 2) return bad_bundle(index);
    const std::size_t length = static_cast<std::size_t>(bundle[0]) << 8 | bundle[1];
    const std::size_t octets = length == 0 ? hash_bytes : length;
    bundle = bundle.subspan(2);
    if (bundle.size() < octets) return bad_bundle(index);
    hashes.push_back(length == 0 ? std::nullopt : std::optional(tlog::leaf_hash(bundle.first(octets))));
    bundle = bundle.subspan(octets);
  }
  if (hashes.size() != width) return bad_bundle(index);
  return hashes;
}

// For a file's name: what an origin may have that a name should not becomes '_'.
std::string file_name(const tlog::Head& head) {
  std::string name;
  for (const char c : head.origin.substr(0, 160))
    name += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || (c == '.' && !name.empty()) ? c : '_';
  return name + "-" + std::to_string(head.size) + "-" + to_hex(View(head.root).first(8)) + ".note";
}

}  // namespace

Result<LogPolicy> log_policy(const Context& context, const Api& api, const std::string& domain) {
  TRY(const auto evidence, api.policies(domain));
  const auto owner = known_owner(context, domain);
  TRY(auto chain, chain_of(domain, evidence, owner));
  return LogPolicy{std::move(chain), owner.has_value()};
}

namespace {

// With a log key of the newest `versions` of the policy.
Result<SignedHead> open_with(const std::string& note, const LogPolicy& policy, std::size_t versions) {
  Error last{Code::bad_signature, "the policy of " + policy.chain.domain + " names no log key", ""};
  for (auto version = policy.chain.versions.rbegin(); version != policy.chain.versions.rend() && versions > 0; ++version, --versions)
    for (const auto& [name, server] : version->descriptor->servers) {
      if (!server.log) continue;
      auto head = tlog::open_checkpoint(note, *server.log);
      if (head) return SignedHead{std::move(*head), note, name};
      last = head.error();
    }
  return tl::unexpected(std::move(last));
}

}  // namespace

Result<SignedHead> open_present_note(const std::string& note, const LogPolicy& policy) { return open_with(note, policy, 1); }

Result<SignedHead> open_earlier_note(const std::string& note, const LogPolicy& policy) {
  return open_with(note, policy, policy.chain.versions.size());
}

Result<std::string> fetch_note(const Api& api, const std::string& domain) {
  auto reply = api.get(target({"log", domain, "checkpoint"}));
  if (reply) return std::move(reply->body);
  Error error = reply.error();
  if (error.detail.empty() && error.code == Code::not_found) error.detail = "only a home keeps a log; ask it: --server URL";
  return tl::unexpected(std::move(error));
}

tlog::NodeReader nodes_at(const Api& api, const std::string& domain, std::uint64_t size) {
  return tlog::nodes_of_tiles(size, [&api, domain](const TilePath& path) { return fetch_tile(api, domain, path); });
}

Result<Recomputed> recompute(const Api& api, const std::string& domain, std::uint64_t size,
                             const std::function<void(std::uint64_t)>& progress) {
  const std::uint64_t width = tlog::tile_width;
  tlog::CompactRange range;
  Recomputed result;
  bool readable = true;
  for (std::uint64_t index = 0; index * width < size; ++index) {
    const auto count = static_cast<unsigned>(std::min<std::uint64_t>(width, size - index * width));
    std::vector<std::optional<Digest>> hashes(count);
    if (readable) {
      const auto bundle = fetch_tile(api, domain, {{}, index, count});
      readable = bundle.has_value();
      if (!bundle && bundle.error().code != Code::not_found && bundle.error().code != Code::not_permitted)
        return tl::unexpected(bundle.error());
      if (bundle) { TRY(hashes, leaf_hashes(*bundle, index, count)); }
    }
    Bytes tile;
    if (std::any_of(hashes.begin(), hashes.end(), [](const auto& hash) { return !hash; })) {
      TRY(tile, fetch_tile(api, domain, {0, index, count}));
      if (tile.size() != count * hash_bytes) return bad_bundle(index);
    }
    for (std::size_t i = 0; i < count; ++i) {
      ++(hashes[i] ? result.hashed : result.claimed);
      Digest claimed{};
      if (!hashes[i]) std::copy_n(tile.begin() + static_cast<std::ptrdiff_t>(i * hash_bytes), hash_bytes, claimed.begin());
      range.append(hashes[i].value_or(claimed));
    }
    progress(range.size());
  }
  result.root = range.root();
  return result;
}

std::filesystem::path heads_of(const Directory& directory) { return directory.path() / "heads"; }

Result<std::filesystem::path> remember_head(const std::filesystem::path& heads, const SignedHead& head) {
  std::error_code failed;
  std::filesystem::create_directories(heads, failed);
  const auto file = heads / file_name(head.head);
  // The first note that was seen of a head stays: a later one says the same at another time.
  if (!std::filesystem::exists(file, failed)) CHECK_OK(write_file(file, view(head.note)));
  return file;
}

Result<std::vector<std::filesystem::path>> remembered_heads(const std::filesystem::path& heads) {
  std::vector<std::filesystem::path> files;
  std::error_code failed;
  if (!std::filesystem::exists(heads, failed)) return files;
  for (std::filesystem::directory_iterator at(heads, failed), end; !failed && at != end; at.increment(failed))
    if (at->path().extension() == ".note") files.push_back(at->path());
  if (failed) return fail(Code::unavailable, heads.string() + ": " + failed.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace cm4it::ics
