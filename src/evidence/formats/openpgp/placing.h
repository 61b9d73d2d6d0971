// The signatures of one certificate, each put behind the component it is over. For this room's .cpp files.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "evidence/formats/openpgp/gathered.h"
#include "evidence/formats/openpgp/packet.h"

namespace cm4it::evidence::openpgp {

// "user id "…"", for the report of what was dropped.
std::string component_name(const Packet& component);

// Takes the packets of one certificate after another. Keys and components are views into what is being split.
class Placing {
 public:
  explicit Placing(Gathered& gathered) : gathered_(gathered) {}

  void begin_certificate(Key primary);
  // Signatures and components can be taken: there is a key that they hang on.
  bool has_key() const { return primary_.has_value(); }
  void begin_component(const Packet& packet);
  // What is no component: the signatures behind it are dropped, or put where they belong.
  void begin_unknown(const std::string& name);
  void take_signature(View body);
  void end_certificate();

  // "certificate …: " before what is in one.
  std::string place(const std::string& what) const;

 private:
  struct Component {
    std::uint8_t tag = 0;  // 0: the key itself
    View body = {};
    std::optional<Key> subkey = {};
    std::string name = {};
    bool good = true;
  };
  // A signature that does not stand where it belongs: `cat key.pgp key.rev`, or a key server that merged in disorder. By the
  // first octets of its digest it is put where it belongs, as gpg and sq do.
  struct Misplaced {
    Signature signature;
    std::size_t component = 0;  // behind which it came
  };
  // How the digest over a component begins; absent: more was hashed than is for one submission.
  using DigestBegin = std::optional<std::array<std::uint8_t, 2>>;

  void begin(Component component);
  DigestBegin digest_begin(const Signature& signature, const Component& component, std::size_t& hashed) const;
  void put(Signature signature, const Component& component, const DigestBegin& begin);
  void find_place(Misplaced one);
  void flush(const Component& component);

  Gathered& gathered_;
  std::optional<Key> primary_;                             // absent: a bad one, or none yet
  std::vector<Component> components_;                      // of this certificate; the first is the key itself
  std::array<std::vector<Misplaced>, urgencies> misplaced_;
  std::array<std::vector<Bytes>, urgencies> signatures_;   // on the newest component, canonical
  std::size_t hashed_at_home_ = 0, hashed_elsewhere_ = 0;  // octets, of the whole submission
};

}  // namespace cm4it::evidence::openpgp
