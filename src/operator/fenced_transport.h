#pragma once

#include <functional>
#include <utility>

#include "net/http.h"

namespace infra {

// Lets requests out only while `open` says so; others end with kCancelled before anything is sent.
// What a leader does goes through it: a process that was stopped for a while may hold work that
// another has taken over meanwhile, and learns of its lost lease only by asking its clock.
class FencedTransport final : public net::HttpTransport {
 public:
  FencedTransport(net::HttpTransport& behind, std::function<bool()> open)
      : behind_(behind), open_(std::move(open)) {}

  Task<Result<net::HttpResponse>> send(net::HttpRequest request, net::HttpOptions options) override;
  Task<Result<net::HttpResponse>> stream(net::HttpRequest request, net::HttpOptions options,
                                         ChunkSink sink) override;

 private:
  net::HttpTransport& behind_;
  std::function<bool()> open_;
};

}  // namespace infra
