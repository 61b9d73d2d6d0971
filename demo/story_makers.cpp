#include <fmt/format.h>

#include <fstream>

#include "base/time.h"
#include "crypto/digest.h"
#include "crypto/signer.h"
#include "evidence/formats/manifest/manifest_writer.h"
#include "story.h"

namespace cm4it::demo {
namespace {

struct Manifest {
  std::filesystem::path file, signer;
  std::string serial, maker;
};

// One element of the form that secure-element makers deliver, where the real one is not at hand.
Result<Manifest> simulated_manifest(const std::filesystem::path& directory) {
  TRY(const auto device, crypto::generate(crypto::Algorithm::es256));
  TRY(const auto signer, crypto::generate(crypto::Algorithm::es256));
  Manifest manifest{directory / "manifest.json", directory / "manifest-signer.key", "0123f1822c38dd7a01", "Chips Inc"};
  TRY(const Bytes element,
      evidence::make_manifest_element(
          {manifest.serial, manifest.maker, "ATECC608A", "ATECC608A-MAH22", device->public_key(), {}, to_rfc3339(system_time())},
          *signer));
  CHECK_OK(crypto::save_key_file(*signer, manifest.signer));
  std::ofstream(manifest.file) << "[" << text(element) << "]";
  return manifest;
}

}  // namespace

void Story::import_real_manifest() {
  const auto real = options_.shared / "data" / "microchip";
  Manifest manifest{real / "atecc608a-manifest.json", real / "log-signer.pem", "0123f1822c38dd7a01", "Microchip Technology Inc"};
  if (!std::filesystem::exists(manifest.file)) {
    auto simulated = simulated_manifest(options_.directory);
    if (!simulated) return (void)stage_.expect("a manifest is made", simulated.error().message);
    manifest = *simulated;
  }
  acme_.does("acme lets its chip maker's key speak, in manifests only",
             {"role", "add", acme_.directory, "manufacturer", "chips", "--key", manifest.signer, "--formats", "manifest"});
  acme_.does("a manifest of " + manifest.maker + " is imported as it came", {"import", manifest.file});
  const auto chip = acme_.subject("serial:" + manifest.serial);
  stage_.expect("its secure element is known by its serial " + manifest.serial,
                holds(at(chip, "identity.maker") == manifest.maker, json::serialize(chip)));
}

void Story::make_devices() {
  sensors_ = new_devices("sensors", options_.sensors);
  elsewhere_ = new_devices("elsewhere", 3);
  unapproved_ = new_devices("unapproved", 1);
  unsold_ = new_devices("unsold", 5);

  const Ids sold = ids_of({&sensors_, &elsewhere_, &unapproved_});
  Arguments identify{"identify"};
  for (const auto* group : {&sensors_, &elsewhere_, &unapproved_, &unsold_})
    for (const auto& device : *group) identify.push_back(device.key);
  identify.insert(identify.end(), {"--type", "device", "--maker", "Acme", "--model", "thermo-2000"});
  acme_.does(fmt::format("acme identifies {} devices", sold.size() + unsold_.size()), identify);
  acme_.does("acme says what the model is", {"identify", "model:acme.example/thermo-2000", "--type", "model", "--name",
                                             "Thermometer 2000", "--maker", "Acme", "--model", "thermo-2000"});
  stage_.await("anyone can look them up", soon, [&] {
    return same(ids_of({&sensors_, &elsewhere_, &unapproved_, &unsold_}), devices_at(acme_, "model=thermo-2000"));
  });

  const Output transfer = acme_.ics({"transfer", "-", "--to", plant_.domain}, lines_of(sold));
  stage_.expect(fmt::format("acme transfers {} of them to {}", sold.size(), plant_.domain),
                holds(transfer.exit == 0, transfer.err));
  stage_.await("their holder is now " + plant_.domain, soon,
               [&] { return same(sold, devices_at(acme_, "holder=" + plant_.domain)); });
}

void Story::publish_code() {
  const std::string program = options_.programs / "demo-sensors";
  std::ifstream file(program, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  code_ = "code:" + to_hex(crypto::sha256(view(bytes)));
  dev_.does("dev.example identifies the sensors' program by its hash",
            {"identify", "--code", program, "--name", "demo-sensors", "--maker", "Dev", "--version", "1.0"});
  stage_.await("it is admitted there, under the id that sha256sum prints", soon, [&] { return admitted(dev_, code_, "yes"); });
  stage_.await("the plant knows who made it and which version it is", soon, [&] {
    const auto code = plant_.subject(code_);
    return holds(at(code, "identity.maker") == "Dev" && at(code, "identity.version") == "1.0", json::serialize(code));
  });
  stage_.await("and admits it too, since it trusts that developer", soon, [&] { return admitted(plant_, code_, "yes"); });
}

}  // namespace cm4it::demo
