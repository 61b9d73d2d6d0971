// A format that exists in these tests alone: a line of text, "toy NAME KEY ISSUER TIME SIGNATURE", is the identity of a device.
#pragma once

#include "crypto/signer.h"
#include "evidence/codec.h"

namespace cm4it::evidence::toy {

inline constexpr Format format{200};
extern const Codec codec;

std::string sign(const std::string& name, const crypto::PublicKey& device, Time time, const crypto::Signer& issuer);

}  // namespace cm4it::evidence::toy
