#include <functional>
#include <iostream>
#include <memory>
#include <set>

#include "apps/ics/bulk.h"
#include "apps/ics/json.h"
#include "apps/ics/output_file.h"
#include "apps/ics/subjects.h"
#include "base/budgets.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "evidence/piece_stream.h"

namespace cm4it::ics {
namespace {

using evidence::Format;

// Evidence of one format, one piece after another, in the form `ics import` reads.
class Exporter {
 public:
  Exporter(const Api& api, std::string domain, Format format, bool pem, OutputFile& out)
      : api_(api), domain_(std::move(domain)), format_(format), pem_(pem), out_(out),
        sink_(evidence::open_sink(format, [this](View octets) { return out_.write(octets); })) {}

  Result<void> subject(const std::string& subject) {
    auto history = api_.get_json(target({"v1", "subjects", subject, "history"}, {{"domain", domain_}}));
    if (!history) return within(subject, history.error());
    for (const auto& entry : array_at(*history, "statements")) {
      if (!entry.is_object()) continue;
      const auto id = text_at(entry.get_object(), "statement");
      if (id.empty() || !seen_.insert(id).second) continue;
      if (text_at(entry.get_object(), "format") != to_string(format_)) ++of_another_format_;
      else CHECK_OK(write(id));
    }
    ++subjects_;
    return sink_->end_of_subject();
  }

  Result<void> everything(const std::function<void()>& progress) {
    std::string cursor, next;
    do {
      TRY(const auto page,
          api_.get_json(target({"v1", "subjects"},
                               {{"domain", domain_}, {"limit", std::to_string(budget::search_results)}, {"cursor", cursor}})));
      for (const auto& entry : array_at(page, "subjects")) {
        if (!entry.is_object()) continue;
        CHECK_OK(subject(text_at(entry.get_object(), "subject")));
        progress();
      }
      next = text_at(page, "cursor");
      if (!next.empty() && next == cursor) return fail(Code::malformed, api_.url() + ": its pages do not go on");
      cursor = next;
    } while (!cursor.empty());
    return {};
  }

  Result<void> finish() {
    CHECK_OK(sink_->finish());
    return out_.commit();
  }

  std::uint64_t written() const { return written_; }
  std::uint64_t subjects() const { return subjects_; }
  std::uint64_t of_another_format() const { return of_another_format_; }

 private:
  Result<void> write(const std::string& id) {
    TRY(const auto reply, api_.get(target({"v1", "evidence", id})));
    ++written_;
    return pem_ ? out_.write(view(crypto::certificate_pem(view(reply.body)))) : sink_->piece(view(reply.body));
  }

  const Api& api_;
  const std::string domain_;
  const Format format_;
  const bool pem_;
  OutputFile& out_;
  const std::unique_ptr<evidence::PieceSink> sink_;
  std::set<std::string> seen_;
  std::uint64_t written_ = 0, subjects_ = 0, of_another_format_ = 0;
};

Result<void> run_export(Context& context, const ExportOptions& options, Exporter& exporter) {
  if (!options.subjects.empty()) {
    TRY(const auto subjects, resolve_subjects(context, options.subjects));
    for (const auto& subject : subjects) CHECK_OK(exporter.subject(subject.text()));
  } else {
    std::uint64_t shown = 0;
    CHECK_OK(exporter.everything([&] {
      if (!context.console.progress || exporter.subjects() - shown < 50) return;
      shown = exporter.subjects();
      context.console.err << "\r" << grouped(shown) << " subjects, " << grouped(exporter.written()) << " pieces" << std::flush;
    }));
    if (shown > 0) context.console.err << "\r\033[K" << std::flush;
  }
  if (exporter.written() == 0) return fail(Code::not_found, "nothing to export: no evidence of format " + options.format + " may be read");
  return exporter.finish();
}

// "manifest, openpgp, x509 or sums"
std::string others_than(const std::string& format) {
  auto names = evidence::formats_of_files();
  std::erase(names, format);
  return alternatives(names);
}

void report(const Context& context, const ExportOptions& options, const Exporter& exporter) {
  if (options.out != "-" && context.options.json)
    context.print_json(json::object{{"file", options.out},
                                    {"pieces", exporter.written()},
                                    {"subjects", exporter.subjects()},
                                    {"of_another_format", exporter.of_another_format()}});
  else if (options.out != "-")
    context.console.line(options.out + ": " + counted_as(exporter.written(), "piece") + " of evidence about " + counted_as(exporter.subjects(), "subject"));
  if (exporter.of_another_format() > 0)
    context.console.note("left out: " + counted_as(exporter.of_another_format(), "piece") + " of another format; --format " +
                         others_than(options.format) + " writes those");
}

}  // namespace

Result<int> export_evidence(Context& context, const ExportOptions& options) {
  TRY(const auto format, evidence::parse_format(options.format));
  TRY(const auto domain, context.asked_domain());
  TRY(const auto* server, context.api());
  // A broken export leaves nothing that looks like a whole one.
  TRY(auto file, OutputFile::create_for(context.console, options.out));
  Exporter exporter(*server, domain, format, options.pem, file);
  const auto outcome = run_export(context, options, exporter);
  if (!outcome && context.console.reader_gone()) return exit_cut_short;
  CHECK_OK(outcome);
  report(context, options, exporter);
  return exit_yes;
}

}  // namespace cm4it::ics
