// Row 17 in parts: doors under load.
#pragma once

#include "bench.h"
#include "plant.h"

namespace cm4it::bench {

struct Doors {
  Plant plant;
  std::unique_ptr<demo::Process> home, field;
  crypto::SignerPtr owner;
  std::vector<std::string> ids;
  std::size_t next = 0;  // of ids: a device that is admitted still

  std::string url(const std::string& path) const { return plant.home.url(path); }
};

constexpr double answered_within_ms = 50;  // the slowest hundredth of honest look-ups, whatever others do

// So many statements about one subject, by this key in that domain.
Result<std::vector<Bytes>> long_history(const crypto::Signer& owner, const std::string& domain, const evidence::SubjectId& subject,
                                        std::size_t statements);

// Look-ups and handshakes of others beside hellos from one address.
Result<void> hellos(const Setup& setup, const Doors& doors);
// Look-ups beside bodies as large as they may be.
Result<void> look_ups_beside_uploads(const Setup& setup, const Doors& doors);
// Whether times tell what may not be read from what is not there.
Result<void> hidden_subjects(const Setup& setup);

}  // namespace cm4it::bench
