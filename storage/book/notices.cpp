// Channels of notices and what became of each notice: the operational side of the log.
#include "storage/book/book.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

std::int64_t SqliteBook::last_event() { return db_->integer("SELECT ifnull(max(id), 0) FROM event"); }

std::vector<NoticeChannel> SqliteBook::notice_channels() {
  std::vector<NoticeChannel> channels;
  Statement row = db_->statement(
      "SELECT name, method, target, secret_file, audience, kinds, account, templates, cursor, made_at, made_by FROM "
      "notice_channel ORDER BY name");
  while (row.step()) {
    const std::optional<ChannelMethod> method = parse_channel_method(row.text(1));
    if (!method) db_->fail_corrupt("channel '" + row.string(0) + "' has an unknown method");
    channels.push_back({row.string(0), *method, row.string(2), row.string(3), row.string(4), row.string(5),
                        row.string(6), row.string(7), row.integer(8), row.time(9), row.string(10)});
  }
  return channels;
}

std::vector<NoticeDelivery> SqliteBook::notice_deliveries(const DeliveryQuery& query) {
  Statement row = db_->statement(
      "SELECT channel, event_id, attempts, first_at, last_at, next_at, trouble FROM notice_delivery"
      " WHERE (?1 = '' OR channel = ?1) AND (?2 IS NULL OR event_id = ?2) AND (?3 = 0 OR next_at IS NOT NULL) AND (?4 "
      "IS NULL OR next_at <= ?4)"
      " ORDER BY event_id, channel LIMIT ?5");
  row.bind(query.channel, query.event, query.waiting_only, query.due_by, query.limit > 0 ? query.limit : -1);
  std::vector<NoticeDelivery> deliveries;
  while (row.step()) {
    deliveries.push_back({row.string(0), row.integer(1), static_cast<int>(row.integer(2)), row.time(3), row.time(4),
                          row.optional_time(5), row.string(6)});
  }
  return deliveries;
}

void SqliteBook::add_notice_channel(const NoticeChannel& channel) {
  require_unit();
  db_->statement(
         "INSERT INTO notice_channel (name, method, target, secret_file, audience, kinds, account, templates, cursor, "
         "made_at, made_by)"
         " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(channel.name, engine::to_word(channel.method), channel.target, channel.secret_file, channel.audience,
            channel.kinds, channel.account, channel.templates, channel.cursor, channel.made_at, channel.made_by)
      .run();
}

bool SqliteBook::remove_notice_channel(std::string_view name) {
  require_unit();
  db_->statement("DELETE FROM notice_delivery WHERE channel = ?").bind(name).run();
  db_->statement("DELETE FROM notice_channel WHERE name = ?").bind(name).run();
  return db_->changed_rows() == 1;
}

void SqliteBook::put_notice_delivery(const NoticeDelivery& delivery) {
  require_unit();
  db_->statement(
         "INSERT INTO notice_delivery (channel, event_id, attempts, first_at, last_at, next_at, trouble) VALUES (?, ?, "
         "?, ?, ?, ?, ?)"
         " ON CONFLICT (channel, event_id) DO UPDATE SET attempts = excluded.attempts, last_at = excluded.last_at, "
         "next_at = excluded.next_at,"
         " trouble = excluded.trouble WHERE next_at IS NOT NULL")
      .bind(delivery.channel, delivery.event, delivery.attempts, delivery.first_at, delivery.last_at, delivery.next_at,
            delivery.trouble)
      .run();
}

void SqliteBook::advance_notice_cursor(std::string_view channel, std::int64_t event) {
  require_unit();
  db_->statement("UPDATE notice_channel SET cursor = ?2 WHERE name = ?1 AND cursor < ?2").bind(channel, event).run();
}

}  // namespace storage
