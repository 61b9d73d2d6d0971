// Bounds on hostile input; of one room alone, in net/budgets.h and ledger/budgets.h. An excess is Code::too_large and names its budget.
#pragma once

#include <cstddef>

namespace cm4it::budget {

// Evidence
inline constexpr std::size_t evidence_bytes = 256 * 1024;     // one piece of evidence
inline constexpr std::size_t cbor_depth = 8;                  // nested arrays and maps
inline constexpr std::size_t cbor_items = 4096;               // items in one piece of evidence
inline constexpr std::size_t statement_domains = 4;           // domains one statement may name
inline constexpr std::size_t text_field = 512;                // name, maker, model, serial, version, label, cloud
inline constexpr std::size_t note_field = 2048;               // note, reason
inline constexpr std::size_t uris = 16;                       // uris of an identity
inline constexpr std::size_t attributes = 64;                 // attributes of an identity
inline constexpr std::size_t spki_bytes = 2048;               // RSA 8192 fits
inline constexpr std::size_t manifest_keys = 16;              // slots of one secure element
inline constexpr std::size_t aliases = 64;                    // other names one statement may give

// OpenPGP (docs/openpgp.md)
inline constexpr std::size_t openpgp_packets = 250'000;       // of one submission
inline constexpr std::size_t openpgp_key_bytes = 8 * 1024;    // a key packet's body
inline constexpr std::size_t user_id_bytes = 4096;
inline constexpr std::size_t user_attribute_bytes = 64 * 1024;
inline constexpr std::size_t openpgp_signature_bytes = 32 * 1024;
inline constexpr std::size_t openpgp_subpackets = 256;        // of one area of a signature
inline constexpr std::size_t openpgp_components = 1024;       // user ids, attributes and subkeys of one certificate
inline constexpr std::size_t openpgp_signatures = 1024;       // on one component: by its key, and as many by others
inline constexpr std::size_t openpgp_pieces_bytes = 64 * 1024 * 1024;  // made of one submission
inline constexpr std::size_t openpgp_dropped = 100;           // dropped parts whose reasons are told; the others are counted
inline constexpr std::size_t openpgp_loose = 16;              // revocations without their keys, of one submission
inline constexpr std::size_t openpgp_misplaced = 1024;        // signatures of one certificate, of each kind, that do not stand where they belong
inline constexpr std::size_t openpgp_placing_bytes = 64 * 1024 * 1024;  // hashed for one submission to find where they do, and as much where they came
inline constexpr std::size_t armor_headers = 64;              // header lines of one armored block
inline constexpr std::size_t armor_blocks = 10'000;           // of one submission

// Signed lists of files (docs/formats/sums.md)
inline constexpr std::size_t sums_lines = 4096;
inline constexpr std::size_t sums_signatures = 16;            // over one list

// CRLs and OCSP (docs/x509.md)
inline constexpr std::size_t crls_of_scope = 16;              // of one issuer, that are looked into for one subject
inline constexpr std::size_t crl_rows = 4096;                 // of one scope, among which that of the time asked about is looked for
inline constexpr std::size_t crl_scopes = 64;                 // of one issuer
inline constexpr std::size_t crl_signers = 16;                // keys of one CA's name
inline constexpr std::size_t crl_bytes = 8 * 1024 * 1024;     // of one CRL
inline constexpr std::size_t crl_entries = 200'000;
inline constexpr std::size_t crl_extensions = 64;             // of a CRL, of an entry
inline constexpr std::size_t ocsp_request_bytes = 16 * 1024;
inline constexpr std::size_t ocsp_requests = 64;              // certificates asked for at once
inline constexpr std::size_t ocsp_nonce = 128;                // octets; RFC 9654 section 2.1
inline constexpr std::size_t ocsp_answers = 100'000;          // cached ready
// X.509 (docs/x509.md)
inline constexpr std::size_t certificate_bytes = 64 * 1024;
inline constexpr std::size_t certificate_extensions = 64;
inline constexpr std::size_t certificate_names = 256;         // SubjectAltNames; the first ones become names here
inline constexpr std::size_t certificate_depth = 16;          // nested DER
inline constexpr std::size_t path_certificates = 8;           // from a certificate up to a key that plays a role
inline constexpr std::size_t paths_checked = 32;              // of one certificate
inline constexpr std::size_t paths_known = 4096;               // whose outcome a thread remembers
inline constexpr std::size_t authority_certificates = 64;     // of one CA's key, that paths may lead over
inline constexpr std::size_t authorities = 64;                // keys of CAs that paths of one subject may lead over
inline constexpr std::size_t authority_candidates = 64;       // keys tried for the signature of one certificate

// Keys (docs/keys.md)
inline constexpr std::size_t key_uri_bytes = 2048;            // a pkcs11: URI
inline constexpr std::size_t secret_bytes = 1024;             // a passphrase or a PIN, and the file it stands in
inline constexpr std::size_t key_file_bytes = 64 * 1024;      // a private key's PEM
inline constexpr std::size_t certificate_file_bytes = 256 * 1024;  // a server's certificate chain

// Policy
inline constexpr std::size_t descriptor_bytes = 128 * 1024;
inline constexpr std::size_t descriptor_depth = 16;           // open brackets, and parts of one dotted key
inline constexpr std::size_t descriptor_keys = 1024;
inline constexpr std::size_t descriptor_entries = 4096;       // role entries, servers, permits, copies
inline constexpr std::size_t glob_bytes = 256;
inline constexpr std::size_t policy_versions = 10'000;        // of one domain
inline constexpr std::size_t unpinned_domains = 1024;         // of which descriptors are stored that apply nowhere yet
inline constexpr std::size_t unpinned_descriptors = 64;       // of one such domain
inline constexpr std::size_t undecided_transfers = 1000;      // subjects of which one waits for what makes it count
inline constexpr std::size_t url_bytes = 200;                 // of a server, or of what is copied

// Requests
inline constexpr std::size_t http_header_bytes = 16 * 1024;
inline constexpr std::size_t http_body_bytes = 16 * 1024 * 1024;
inline constexpr std::size_t http_target_bytes = 8 * 1024;
inline constexpr std::size_t http_header_fields = 100;        // of one request
inline constexpr std::size_t multipart_parts = 8;             // of one form
inline constexpr std::size_t http_query_parameters = 64;      // of one query or form
inline constexpr std::size_t http_buffered_bytes = 256 * 1024 * 1024;  // unfinished requests of a listener
inline constexpr std::size_t unsent_bytes = 128 * 1024 * 1024;  // of answers that clients have not taken yet, all listeners together
inline constexpr std::size_t whole_answer = 64 * 1024;        // larger ones are made in parts of this size where they can be
inline constexpr std::size_t http_pipelined = 64;             // requests answered with one write
inline constexpr std::size_t submission_items = 20'000;       // pieces of evidence in one request
inline constexpr std::size_t candidate_keys = 4;              // keys tried for one signature
inline constexpr std::size_t certificates_of_one_name = 32;   // whose short key ids are alike
inline constexpr std::size_t certificates_examined = 500;     // by one look-up of a user id
inline constexpr std::size_t certificates_indexed = 1'000'000;  // in memory, for key servers that ask what changed
inline constexpr std::size_t certificate_index_step = 5000;   // journal entries or subjects read at one turn of filling it
inline constexpr std::size_t hashquery_digests = 1000;        // of one query of another key server
inline constexpr std::size_t hashquery_bytes = 16 * 1024 * 1024;  // of one answer to it
inline constexpr std::size_t prefixlog_lines = 100'000;       // of one answer
inline constexpr std::size_t search_results = 1000;           // of one page
inline constexpr std::size_t search_examined = 20'000;        // index rows one search may walk
inline constexpr std::size_t subject_quota = 10'000;          // statements of one issuer about one subject that a configuration
                                                              // may allow; of all issuers together that are taken
inline constexpr std::size_t issuer_reserve = 64;             // of one issuer about one subject: the first ones, whatever others
                                                              // said
inline constexpr std::size_t restrictions_compared = 64;      // of the newest statements of an issuer about a subject, with an alarm
                                                              // or a withdrawal beyond the quota
inline constexpr std::size_t subject_statements = 20'000;     // folded for one subject
inline constexpr std::size_t folded_statements = 50'000;      // for one answer about many subjects: it ends, or is cut, there
inline constexpr std::size_t names_examined = 256;            // subjects of one name that are looked at for who asks
inline constexpr std::size_t feed_records = 1000;             // of one feed answer
inline constexpr std::size_t feed_bytes = 4 * 1024 * 1024;
inline constexpr std::size_t feed_folded = 200'000;           // statements folded for one answer to a selector, after which it ends
inline constexpr std::size_t feed_folded_of_one = 50'000;     // of them for one subject, which is then sent rather than passed over
inline constexpr std::size_t feed_wait_seconds = 60;          // longest long poll

inline constexpr std::size_t self_compromises = 16;           // of one key, that are looked into: the first ones that came

inline constexpr std::size_t ended_domains = 1000;            // of which it is told how many statements did not get there
// Between servers
inline constexpr std::size_t witnesses = 64;                  // peers that a home asks what they know of its logs
inline constexpr std::size_t known_heads = 64;                // of one domain, told to who asks
inline constexpr std::size_t mark_bytes = 1024 * 1024;        // the file of what a log key has signed

// Queues
inline constexpr std::size_t appender_inbox = 65'536;
inline constexpr std::size_t append_batch = 8192;
inline constexpr std::size_t small_request = 16 * 1024;       // octets: never refused for its size
inline constexpr std::size_t waiting_submissions = 4096;      // of one rank (base/turns.h), those that are worked on among them
inline constexpr std::size_t submissions_of_one = 512;        // of them of one address or key
inline constexpr std::size_t waiting_submission_bytes = 256 * 1024 * 1024;  // of one rank; of one address or key half of it
inline constexpr std::size_t waiting_readings = 4096;         // searches, feeds, changes and long answers, of one rank
inline constexpr std::size_t readings_of_one = 256;           // of them of one address or key
inline constexpr std::size_t part_pieces = 32;                // of a submission, that are verified before others have their turn
inline constexpr std::size_t part_bytes = 256 * 1024;         // so many octets of them, or one piece
inline constexpr std::size_t part_rows = 250;                 // index rows that a search examines before others have their turn
inline constexpr std::size_t part_folded = 500;               // or statements that it folds
inline constexpr std::size_t brief_records = 64;              // read on an event loop for one answer; what takes more has a turn
inline constexpr std::size_t brief_body = 64 * 1024;          // octets of a submission that an event loop splits
inline constexpr std::size_t waiting_polls = 10'000;          // long polls held open
inline constexpr std::size_t polls_of_strangers = 8'000;      // of them of who is no server and plays no role
inline constexpr std::size_t polls_of_one = 1'000;            // of one of their addresses
inline constexpr std::size_t connections = 20'000;            // a listener

// Time
inline constexpr long clock_skew_seconds = 300;               // iat beyond received
inline constexpr long forwarding_seconds = 7 * 24 * 3600;      // a home that goes on saying "not yet" of a statement; then it is given up
inline constexpr long head_interval_seconds = 60;             // a fresh head at least this often
inline constexpr long clock_step_seconds = 60 * 60;           // by which a home's clock may be put right without anybody being asked
inline constexpr long unwitnessed_seconds = 7 * 24 * 60 * 60; // a home may have been away, over a boot, without anybody being asked
inline constexpr long request_timeout_seconds = 20;           // a request's head and body, from its first byte
inline constexpr long idle_timeout_seconds = 90;              // between requests
inline constexpr long answer_timeout_seconds = 300;           // for a handler to answer; then 503
inline constexpr long write_patience_seconds = 2;             // the same where the octets of all unsent answers are scarce
inline constexpr long write_timeout_seconds = 20;             // for a client to take 64 KiB of an answer

}  // namespace cm4it::budget
