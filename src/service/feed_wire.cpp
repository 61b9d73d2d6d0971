#include "service/feed_wire.h"

#include "base/budgets.h"
#include "base/cbor.h"

namespace cm4it::service {
namespace {

constexpr std::size_t most_items = 64 * budget::feed_records + 4096;  // records, their receipts, and heads
constexpr std::size_t most_receipts = 64;                             // of one record
constexpr std::size_t most_heads = 1024;

tl::unexpected<Error> bad(const std::string& what) {
  return fail(Code::malformed, "feed." + what, "docs/formats/feed.md");
}

Result<std::vector<std::pair<std::string, Bytes>>> read_receipts(CborReader& reader) {
  TRY(const auto count, reader.array());
  if (count > most_receipts) return fail(Code::too_large, "feed.3.4: more than 64 receipts of one record");
  std::vector<std::pair<std::string, Bytes>> receipts;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(const auto items, reader.array());
    if (items != 2) return bad("3.4: [domain, receipt] expected");
    TRY(const auto domain, reader.text());
    TRY(const View cose, reader.bytes());
    if (!evidence::is_domain_name(domain)) return bad("3.4: no domain name");
    receipts.emplace_back(std::string(domain), to_bytes(cose));
  }
  return receipts;
}

Result<PeerRecord> read_record(CborReader& reader) {
  PeerRecord record;
  bool format = false, evidence = false, issuer = false;
  CHECK_OK(reader.int_map([&](std::int64_t key) -> Result<void> {
    switch (key) {
      case 1: {
        TRY(const auto number, reader.uint());
        if (number < 1 || number > 6) return bad("3.1: unknown format");
        record.piece.format = static_cast<evidence::Format>(number);
        format = true;
        return {};
      }
      case 2: {
        TRY(const View bytes, reader.bytes());
        record.piece.bytes = to_bytes(bytes);
        evidence = true;
        return {};
      }
      case 3: {
        TRY(const View id, reader.bytes());
        if (id.size() != 32) return bad("3.3: 32 octets expected");
        std::copy(id.begin(), id.end(), record.issuer.digest.begin());
        issuer = true;
        return {};
      }
      case 4: {
        TRY(record.receipts, read_receipts(reader));
        return {};
      }
      case 5: {
        CHECK_OK(reader.boolean());
        return {};
      }
      default: return bad("3." + std::to_string(key) + ": unknown key");
    }
  }));
  if (!format || !evidence || !issuer) return bad("3: format, evidence and issuer are required");
  return record;
}

Result<FeedPage::HomeHead> read_head(CborReader& reader) {
  TRY(const auto items, reader.array());
  if (items != 3) return bad("4: [domain, origin, note] expected");
  FeedPage::HomeHead head;
  TRY(head.domain, reader.text());
  TRY(head.origin, reader.text());
  TRY(head.note, reader.text());
  return head;
}

}  // namespace

Bytes encode_feed(const FeedPage& page) {
  CborWriter out;
  out.map(5).uint(1).text(page.domain).uint(2).uint(page.next).uint(3).array(page.records.size());
  for (const FeedRecord& record : page.records) {
    out.map(record.backfill ? 5 : 4).uint(1).uint(static_cast<std::uint8_t>(record.format));
    out.uint(2).bytes(record.evidence).uint(3).bytes(record.issuer.digest).uint(4).array(record.receipts.size());
    for (const auto& [domain, cose] : record.receipts) out.array(2).text(domain).bytes(cose);
    if (record.backfill) out.uint(5).boolean(true);
  }
  out.uint(4).array(page.heads.size());
  for (const auto& head : page.heads) out.array(3).text(head.domain).text(head.origin).text(head.note);
  out.uint(5).boolean(page.more);
  return out.take();
}

Result<ReceivedFeed> decode_feed(View bytes) {
  CborReader reader(bytes, most_items);
  ReceivedFeed feed;
  std::size_t keys = 0;  // int_map refuses one that comes twice
  CHECK_OK(reader.int_map([&](std::int64_t key) -> Result<void> {
    ++keys;
    switch (key) {
      case 1: {
        TRY(feed.domain, reader.text());
        return {};
      }
      case 2: {
        TRY(feed.next, reader.uint());
        return {};
      }
      case 3: {
        TRY(const auto count, reader.array());
        if (count > 2 * budget::feed_records) return fail(Code::too_large, "feed.3: too many records");
        for (std::size_t i = 0; i < count; ++i) {
          TRY(auto record, read_record(reader));
          feed.records.push_back(std::move(record));
        }
        return {};
      }
      case 4: {
        TRY(const auto count, reader.array());
        if (count > most_heads) return fail(Code::too_large, "feed.4: too many heads");
        for (std::size_t i = 0; i < count; ++i) {
          TRY(auto head, read_head(reader));
          feed.heads.push_back(std::move(head));
        }
        return {};
      }
      case 5: {
        TRY(feed.more, reader.boolean());
        return {};
      }
      default: return bad(std::to_string(key) + ": unknown key");
    }
  }));
  CHECK_OK(reader.end());
  if (keys != 5) return bad("1 to feed.5: all are required");
  return feed;
}

}  // namespace cm4it::service
