// Internals of the HTTP API that its routes share.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/newest.h"
#include "frontends/http/census.h"
#include "frontends/http/door.h"
#include "frontends/http/polls.h"
#include "routing/router.h"
#include "service/ready_answers.h"

namespace cm4it::http {

using routing::Call;
using Answer = Result<net::Response>;

struct Door::Impl : std::enable_shared_from_this<Door::Impl> {
  Impl(service::Service& given, DoorOptions options_given);

  void handle(const net::Request& request, net::Responder respond);
  // This event loop's cached answer; null: there is none, or the request is of a kind that is not cached.
  std::shared_ptr<const std::string> cached(const net::Request& request) const;
  // The problem that a route's error is; where a name is ambiguous, with what is known of each candidate.
  net::Response problem_of(const Call& call, const Error& error);
  // Answers by the route: at once where that takes little reading, else on a thread for long reads.
  void answer(Answer (*route)(Impl&, const Call&), const Call& call, net::Responder respond);
  // The number of a domain in cache keys; 0 is the default domain. Only for domains that are held here.
  std::uint32_t domain_number(const std::string& domain);
  std::uint32_t known_domain_number(std::string_view domain) const;  // UINT32_MAX: it has none

  service::Service& service;
  const DoorOptions options;
  const std::shared_ptr<Census> census;
  Polls polls;
  const routing::Router router;
  using DomainNumbers = std::map<std::string, std::uint32_t, std::less<>>;
  Newest<DomainNumbers> domain_numbers{std::make_shared<const DomainNumbers>()};
  Guarded<DomainNumbers> given_numbers;  // the same, for who gives the next
};

// Makes the answer that a route's result is.
net::Response json_answer(const std::string& body, unsigned status = 200);
net::Response bytes_answer(View body, std::string content_type);
net::Response problem(const Error& error, unsigned status = 0);  // 0: as its code says
// Queues `make` as a long read, which is dropped if the client has gone by then; 503 where too many wait.
void answer_in_turn(Door::Impl& door, const service::Caller& caller, const std::shared_ptr<net::Responder>& respond, std::function<void()> make);
// The same in parts: `make` is called again, in turn, until it says false.
void answer_in_parts(Door::Impl& door, const service::Caller& caller, const std::shared_ptr<net::Responder>& respond, std::function<bool()> make);
// With an ETag over the body; 304 where the asker has it already.
net::Response revalidated(net::Response response, const Call& call);

// Adds to each reason that names a domain why this server's link to it brings nothing, as /v1/peers shows it to this caller. False:
// others may not be told so, and the answer is for this caller alone.
bool add_link_errors(const Door::Impl& door, const service::Principal& who, std::vector<policy::Reason>& reasons);

// Routes that answer at once where little is stored of what is asked for, else in turn (Door::Impl::answer).
Answer get_subject(Door::Impl& door, const Call& call);
Answer get_history(Door::Impl& door, const Call& call);
Answer get_may(Door::Impl& door, const Call& call);
Answer get_evidence(Door::Impl& door, const Call& call);
Answer get_receipt(Door::Impl& door, const Call& call);
Answer get_key(Door::Impl& door, const Call& call);
Answer get_domains(Door::Impl& door, const Call& call);
Answer get_policy(Door::Impl& door, const Call& call);
Answer get_heads(Door::Impl& door, const Call& call);
Answer get_peers(Door::Impl& door, const Call& call);
Answer get_health(Door::Impl& door, const Call& call);
Answer get_ready(Door::Impl& door, const Call& call);
Answer get_metrics(Door::Impl& door, const Call& call);
Answer get_checkpoint(Door::Impl& door, const Call& call);
Answer get_tile(Door::Impl& door, const Call& call);

// Routes that answer later, from another thread.
void get_verdict(Door::Impl& door, const Call& call, net::Responder respond);
void post_head(Door::Impl& door, const Call& call, net::Responder respond);
void post_evidence(Door::Impl& door, const Call& call, net::Responder respond);
void search_subjects(Door::Impl& door, const Call& call, net::Responder respond);
void get_feed(Door::Impl& door, const Call& call, net::Responder respond);
void get_changes(Door::Impl& door, const Call& call, net::Responder respond);

}  // namespace cm4it::http
