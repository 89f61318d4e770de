#include "client.h"

#include <arpa/inet.h>

#include <bit>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace rv::bench {
namespace {

void put16(std::string& out, std::uint16_t x) {
  x = htons(x);
  out.append(reinterpret_cast<const char*>(&x), sizeof x);
}
void put32(std::string& out, std::uint32_t x) {
  x = htonl(x);
  out.append(reinterpret_cast<const char*>(&x), sizeof x);
}
void put_vector(std::string& out, const float* v, std::size_t dim) {
  put16(out, static_cast<std::uint16_t>(dim));
  put16(out, 0);
  for (std::size_t i = 0; i < dim; ++i) put32(out, std::bit_cast<std::uint32_t>(v[i]));
}

}  // namespace

Client::Client(const std::string& conninfo) : connection_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(connection_) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection_));
}

void Client::fail(PGresult* result, const std::string& what) const {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string message = std::string(state != nullptr ? state : "?") + " " +
                              PQerrorMessage(connection_) + "in: " + what;
  PQclear(result);
  throw std::runtime_error(message);
}

void Client::run(const std::string& sql) {
  PGresult* r = PQexec(connection_, sql.c_str());
  const auto status = PQresultStatus(r);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN)
    fail(r, sql);
  PQclear(r);
}

std::string Client::value(const std::string& sql) {
  PGresult* r = PQexec(connection_, sql.c_str());
  if (PQresultStatus(r) != PGRES_TUPLES_OK) fail(r, sql);
  std::string v = PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "";
  PQclear(r);
  return v;
}

void Client::load(const std::string& table, const Matrix& rows) {
  run("COPY " + table + " (id, v) FROM STDIN (FORMAT binary)");
  std::string buffer("PGCOPY\n\377\r\n\0", 11);
  put32(buffer, 0);
  put32(buffer, 0);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    put16(buffer, 2);
    put32(buffer, 8);
    put32(buffer, 0);
    put32(buffer, static_cast<std::uint32_t>(i));
    put32(buffer, static_cast<std::uint32_t>(4 + 4 * rows.dim));
    put_vector(buffer, rows.row(i), rows.dim);
    if (buffer.size() > (1u << 20)) {
      if (PQputCopyData(connection_, buffer.data(), static_cast<int>(buffer.size())) != 1)
        throw std::runtime_error(PQerrorMessage(connection_));
      buffer.clear();
    }
  }
  put16(buffer, 0xFFFF);
  PQputCopyData(connection_, buffer.data(), static_cast<int>(buffer.size()));
  PQputCopyEnd(connection_, nullptr);
  PGresult* r = PQgetResult(connection_);
  if (PQresultStatus(r) != PGRES_COMMAND_OK) fail(r, "COPY " + table);
  PQclear(r);
  PQclear(PQgetResult(connection_));
}

void Client::prepare(const std::string& sql) {
  PQclear(PQexec(connection_, "DEALLOCATE ALL"));
  PGresult* r = PQprepare(connection_, "q", sql.c_str(), 0, nullptr);
  if (PQresultStatus(r) != PGRES_COMMAND_OK) fail(r, sql);
  PQclear(r);
}

Client::Answer Client::query(const float* v, std::size_t dim, int k) {
  std::string vector, count;
  put_vector(vector, v, dim);
  put32(count, 0);
  put32(count, static_cast<std::uint32_t>(k));
  const char* values[2] = {vector.data(), count.data()};
  const int lengths[2] = {static_cast<int>(vector.size()), 8};
  const int formats[2] = {1, 1};
  const auto start = std::chrono::steady_clock::now();
  PGresult* r = PQexecPrepared(connection_, "q", 2, values, lengths, formats, 1);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (PQresultStatus(r) != PGRES_TUPLES_OK) fail(r, "query");
  Answer answer{{}, took.count()};
  for (int i = 0; i < PQntuples(r); ++i) {
    std::uint32_t low;
    std::memcpy(&low, PQgetvalue(r, i, 0) + 4, sizeof low);
    answer.ids.push_back(ntohl(low));
  }
  PQclear(r);
  return answer;
}

double Client::backend_cpu_seconds() const {
  std::ifstream in("/proc/" + std::to_string(PQbackendPID(connection_)) + "/schedstat");
  double nanoseconds = -1e9;
  in >> nanoseconds;
  return nanoseconds / 1e9;
}

}  // namespace rv::bench
