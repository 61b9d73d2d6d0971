#include "evidence/formats.h"

namespace cm4it::evidence {

std::span<const Codec* const> codecs() {
  static constexpr const Codec* all[] = {&native::codec, &manifest::codec, &openpgp::codec, &x509::codec, &crl::codec, &sums::codec};
  return all;
}

}  // namespace cm4it::evidence
