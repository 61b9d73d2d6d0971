// Evidence as it is: a few pieces (push), or any amount (import, export).
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "apps/ics/arguments.h"
#include "apps/ics/bulk.h"
#include "apps/ics/piece_reader.h"
#include "apps/ics/say.h"
#include "apps/ics/verbs.h"
#include "base/budgets.h"

namespace cm4it::ics {
namespace {

constexpr std::size_t most_pushed = budget::submission_items;

Result<void> read_pieces(Context& context, const std::string& file, std::vector<evidence::Piece>& pieces,
                         std::vector<std::string>& labels) {
  std::ifstream opened;
  if (std::error_code none; std::filesystem::is_directory(file, none))
    return fail(Code::malformed, file + ": a directory", "ics import " + shell_quoted(file) + " takes the files in it");
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) return fail(Code::not_found, file + ": " + std::strerror(errno));
  }
  PieceReader reader(file == "-" ? context.console.in : opened, file == "-" ? "standard input" : file);
  const std::size_t before = pieces.size();
  for (;;) {
    TRY(auto piece, reader.next());
    if (!piece) break;
    if (pieces.size() == most_pushed)
      return fail(Code::too_large, "more than " + std::to_string(most_pushed) + " pieces of evidence",
                  "`ics import` takes any number");
    pieces.push_back(std::move(*piece));
    labels.push_back(file + ":" + std::to_string(pieces.size() - before));
  }
  if (pieces.size() == before + 1) labels.back() = file;
  return {};
}

Result<int> push(Context& context, const std::vector<std::string>& files) {
  std::vector<evidence::Piece> pieces;
  std::vector<std::string> labels;
  for (const auto& file : files) CHECK_OK(read_pieces(context, file, pieces, labels));
  return push_pieces(context, pieces, labels);
}

}  // namespace

Result<int> push_pieces(Context& context, const std::vector<evidence::Piece>& pieces, const std::vector<std::string>& labels) {
  TRY(const auto domain, context.own_domain());
  TRY(const auto* server, context.api());
  TRY(const auto items, server->submit(pieces, domain));
  return report(context, "file", labels, items);
}

void add_bulk_verbs(CLI::App& app, Context& context) {
  auto pushed = std::make_shared<std::vector<std::string>>();
  auto* push_verb = add_verb(app, context, "push", "submits evidence as it is: statements, sequences of them, manifests, OpenPGP and X.509 certificates, CRLs",
                             [&context, pushed] { return push(context, *pushed); });
  push_verb->add_option("FILE", *pushed, "files of evidence; -: standard input")->required()->type_name("FILE");

  struct Imported { std::vector<std::string> files; std::string certificate; };
  auto imported = std::make_shared<Imported>();
  auto* import_verb = add_verb(app, context, "import", "submits evidence in any amount; interrupted, it goes on where it stopped",
                               [&context, imported]() -> Result<int> {
                                 if (are_signed_sums(imported->files)) return import_sums(context, imported->files, imported->certificate);
                                 if (imported->certificate.empty()) return import_files(context, imported->files);
                                 return fail(Code::malformed, "--cert: goes with a signed list of files: SHA256SUMS SHA256SUMS.asc");
                               });
  import_verb->add_option("FILE", imported->files,
                          "manifests, CBOR sequences, OpenPGP and X.509 certificates, CRLs, directories of them; SHA256SUMS and its signature; -: standard input")
      ->required()
      ->type_name("FILE");
  import_verb->add_option("--cert", imported->certificate, "of a signed list: the signer's OpenPGP certificate (default: the server's copy)")
      ->type_name("FILE");

  auto wanted = std::make_shared<ExportOptions>();
  auto* export_verb = add_verb(app, context, "export", "writes evidence as it came: `ics import` reads it",
                               [&context, wanted] { return export_evidence(context, *wanted); });
  export_verb->add_option("SUBJECT", wanted->subjects, "only about these; -: those of standard input")->type_name("SUBJECT");
  export_verb->add_option("--subject", wanted->subjects)->group("");  // as it was called before
  auto* format = export_verb->add_option("--format", wanted->format, "which evidence")
      ->check(CLI::IsMember(evidence::formats_of_files()))
      ->capture_default_str();
  const auto shorthand = [&](const char* name, const char* which, const char* what) {
    export_verb->add_flag_callback(name, [wanted, which] { wanted->format = which; }, what)->excludes(format);
  };
  shorthand("--cose", "cose", "statements, as a CBOR sequence");
  shorthand("--der", "x509", "X.509 certificates, in DER one after another");
  shorthand("--pgp", "openpgp", "OpenPGP certificates, assembled and armored");
  export_verb->add_flag_callback("--pem", [wanted] { wanted->format = "x509", wanted->pem = true; }, "X.509 certificates, in PEM")->excludes(format);
  export_verb->add_option("--out", wanted->out, "the file to write; -: standard output")->capture_default_str()->type_name("FILE");
}

}  // namespace cm4it::ics
