// No step of an examination can be left out: none takes what an earlier one returned, and nobody else makes what it takes. That
// this compiles is the test.
#include "service/intake_steps.h"

#include <type_traits>

namespace cm4it::service {
namespace {

template <class From>
concept CanBePermitted = requires(From from, const IntakeContext& context) { permit(std::move(from), context); };
template <class From>
concept CanBeVerified = requires(From from) { verify(std::move(from)); };
template <class From>
concept CanBePrepared = requires(From from, const IntakeContext& context) { prepare(std::move(from), context); };

static_assert(CanBePermitted<WithIssuer> && !CanBePermitted<Addressed>);
static_assert(CanBeVerified<Permitted> && CanBeVerified<PermittedCopy> && !CanBeVerified<WithIssuer>);
static_assert(CanBePrepared<VerifiedSubmission> && CanBePrepared<VerifiedCopy> && !CanBePrepared<Permitted>);

static_assert(!std::is_constructible_v<Addressed, evidence::Decoded, std::vector<std::string>>);
static_assert(!std::is_constructible_v<WithIssuer, Addressed, policy::IssuerKeys>);
static_assert(!std::is_constructible_v<Permitted, WithIssuer, Destinations, std::vector<crypto::PublicKey>,
                                       std::optional<evidence::Verified>>);
static_assert(!std::is_constructible_v<VerifiedSubmission, evidence::Verified, std::vector<std::string>, policy::Authorities,
                                       Destinations>);
static_assert(!std::is_constructible_v<Prepared, ledger::Submission, std::vector<std::pair<std::string, Error>>>);

}  // namespace
}  // namespace cm4it::service
