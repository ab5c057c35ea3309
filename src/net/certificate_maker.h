#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace infra::net {

// A certificate and its key, both PEM.
struct PemPair {
  std::string certificate, key;
  bool operator==(const PemPair&) const = default;
};

struct Validity {
  WallTime begin, end;
};

// An authority, EC P-256, that can sign certificates of servers and no other authority. It trusts
// itself: who is to trust it needs its certificate.
PemPair make_authority(Validity validity);

// A certificate for a server that is called by any of `hosts`, which are DNS names and IP
// addresses. kInvalid: the authority is none, or a host is neither.
Result<PemPair> make_server_certificate(const PemPair& authority,
                                        const std::vector<std::string>& hosts, Validity validity);

// When a certificate is valid. The others look closer first, and say what is wrong (kInvalid):
// no certificate, not the key to it, no authority, not signed by it, not for all of the hosts.
Result<Validity> validity_of(const std::string& certificate);
Result<Validity> check_authority(const PemPair& authority);
Result<Validity> check_server_certificate(const PemPair& server, const std::string& authority,
                                          const std::vector<std::string>& hosts);

// Each certificate in a text, as PEM of its own; what is none is left out.
std::vector<std::string> certificates_in(std::string_view text);

}  // namespace infra::net
