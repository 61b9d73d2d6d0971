#include "openpgp_dump.h"

#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <thread>

namespace cm4it::bench {
namespace {

using namespace evidence::openpgp;
using namespace evidence::openpgp::test;

constexpr std::size_t certificates_a_file = 5'000;

struct File {
  std::string octets, fingerprints;
};

Result<File> file_of(std::size_t first, std::size_t count, const PgpKey& maker) {
  File file;
  for (std::size_t number = first; number < first + count; ++number) {
    TRY(const auto made, device_certificate(number, maker));
    file.octets += text(made.octets);
    file.fingerprints += made.fingerprint + "\n";
  }
  return file;
}

Result<void> write_octets(const fs::path& name, const std::string& content) {
  std::ofstream out(name, std::ios::binary | std::ios::trunc);
  out << content;
  if (!out.flush()) return fail(Code::unavailable, name.string() + ": cannot be written");
  return {};
}

Result<void> replace(const fs::path& name, const std::string& what, const std::string& with) {
  std::ifstream in(name);
  std::string content{std::istreambuf_iterator<char>(in), {}};
  const auto at = content.find(what);
  if (at == content.npos) return fail(Code::internal, name.string() + ": made otherwise than this program knows: no " + what);
  return write_octets(name, content.replace(at, what.size(), with));
}

}  // namespace

PgpKey dump_maker() { return pgp_key(signer_of("bench maker")); }

Bytes maker_certificate(const PgpKey& maker) {
  const std::string user_id = "Acme <keys@acme.example>";
  Bytes octets = packet(tag::public_key, maker.body);
  append(octets, packet(tag::user_id, view(user_id)));
  append(octets, packet(tag::signature, sign_over(maker, maker, tag::user_id, view(user_id))));
  return octets;
}

Result<DeviceCertificate> device_certificate(std::size_t number, const PgpKey& maker) {
  const PgpKey device = pgp_key(signer_of(fmt::format("bench device {}", number)));
  const std::string serial = fmt::format("{:08}", number);
  const std::string user_id = fmt::format("thermo-2000 {0} <{0}@devices.acme.example>", serial);
  SignatureDraft by_maker;
  by_maker.type = 0x10;
  by_maker.hashed = {notation("manu", "Acme"), notation("model", "thermo-2000"), notation("serial@cm4it.org", serial)};
  DeviceCertificate made;
  made.octets = packet(tag::public_key, device.body);
  append(made.octets, packet(tag::user_id, view(user_id)));
  append(made.octets, packet(tag::signature, sign_over(device, device, tag::user_id, view(user_id))));
  append(made.octets, packet(tag::signature, sign_over(maker, device, tag::user_id, view(user_id), by_maker)));
  made.fingerprint = to_hex(device.fingerprint().octets);
  return made;
}

Result<Dump> make_dump(const Setup& setup, std::size_t certificates) {
  const fs::path base = setup.directory / fmt::format("dump-{}", certificates);
  Dump dump{base / "keys", base / "fingerprints", certificates, 0};
  const PgpKey maker = dump_maker();
  const std::size_t files = (certificates + certificates_a_file - 1) / certificates_a_file;
  if (!fs::exists(dump.fingerprints)) {
    fs::create_directories(dump.directory);
    std::vector<std::string> fingerprints(files);
    std::atomic<std::size_t> next{0};
    std::atomic<bool> failed{false};
    const auto work = [&] {
      for (std::size_t i; !failed && (i = next++) < files;) {
        const std::size_t first = i * certificates_a_file;
        auto made = file_of(first, std::min(certificates_a_file, certificates - first), maker);
        if (!made || !write_octets(dump.directory / fmt::format("{:06}.pgp", i), made->octets)) failed = true;
        else fingerprints[i] = std::move(made->fingerprints);
        if (i % 40 == 0) setup.note(fmt::format("{} of {} certificates made", first, certificates));
      }
    };
    std::thread other(work);
    work();
    other.join();
    if (failed) return fail(Code::unavailable, dump.directory.string() + ": a file of certificates cannot be made");
    std::string all;
    for (const auto& some : fingerprints) all += some;
    CHECK_OK(write_octets(dump.fingerprints, all));
  }
  for (std::size_t i = 0; i < files; ++i) dump.octets += fs::file_size(dump.directory / fmt::format("{:06}.pgp", i));
  return dump;
}

Result<Home> make_keyserver(const Setup& setup, const std::string& name) {
  std::error_code ignored;
  fs::remove_all(setup.directory / name, ignored);
  TRY(const auto hkp, demo::free_port());
  TRY(auto home, make_home(setup, name, "keyserver", "threads = 1\ncache = \"4G\"\n", {"--hkp", fmt::format("127.0.0.1:{}", hkp)}));
  // A second version of its policy: makers may identify. The third names one.
  const fs::path policy = home.directory / "policy.toml";
  CHECK_OK(replace(policy, "version = 1", "version = 2"));
  CHECK_OK(replace(policy, "identity = [\"self\", \"owner\"]", "identity = [\"self\", \"owner\", \"manufacturer\"]"));
  CHECK_OK(replace(policy, "[read]", "manufacturer = []\n\n[read]"));
  CHECK_OK(ics(setup, {"--dir", home.directory, "policy", "sign", policy}));
  const fs::path maker = home.directory / "maker.pgp";
  CHECK_OK(write_octets(maker, std::string(text(maker_certificate(dump_maker())))));
  CHECK_OK(ics(setup, {"role", "add", home.directory, "manufacturer", "maker", "--key", maker, "--formats", "openpgp"}));
  return home;
}

}  // namespace cm4it::bench
