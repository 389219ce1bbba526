// The gateway's log: one line a request, appended to a file or written to standard error, and opened anew while others
// write, so that it can be rotated.
//
// One descriptor for the whole run: a file that is opened anew takes the old one's place under the same number
// (dup2(2)), with no writer inside. A descriptor that were closed and opened could meanwhile be the number of a
// customer's socket or of the book's log, and a line would land there (sqlite.org/howtocorrupt.html, 1.1).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/result.hpp"

namespace gateway {

class RequestLog {
 public:
  // Appends to this file; empty: to standard error. file_not_found where it cannot be opened.
  static engine::Result<std::unique_ptr<RequestLog>> open(const std::string& file);
  ~RequestLog();
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;

  // From any thread. A line that the disk does not take is left out, and the next one begins on a line of its own.
  void write(std::string_view line);
  // Opens the file anew. Where that cannot be done, the lines go on to where they went, and the error says so.
  engine::Status reopen();

 private:
  RequestLog(std::string file, int descriptor) : file_(std::move(file)), descriptor_(descriptor) {}

  const std::string file_;
  std::mutex mutex_;
  const int descriptor_;
  bool torn_ = false;  // the last line has no end
};

}  // namespace gateway
