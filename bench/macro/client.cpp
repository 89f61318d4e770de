#include "client.h"

#include <endian.h>

#include <bit>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "core/simd/distance.h"

namespace rv::bench {
namespace {

template <class T>
void put(std::string& out, T x) {
  if constexpr (sizeof x == 2) {
    x = static_cast<T>(htobe16(static_cast<std::uint16_t>(x)));
  } else if constexpr (sizeof x == 4) {
    x = static_cast<T>(htobe32(static_cast<std::uint32_t>(x)));
  } else {
    x = static_cast<T>(htobe64(static_cast<std::uint64_t>(x)));
  }
  out.append(reinterpret_cast<const char*>(&x), sizeof x);
}

void put_vector(std::string& out, VectorType type, const float* v, std::size_t dim) {
  put(out, static_cast<std::int16_t>(dim));
  put(out, std::int16_t{0});
  if (type == VectorType::vector) {
    for (std::size_t i = 0; i < dim; ++i) put(out, std::bit_cast<std::int32_t>(v[i]));
    return;
  }
  std::vector<std::uint16_t> halves(dim);
  simd::kernels().float_to_half(v, halves.data(), dim);
  for (const std::uint16_t h : halves) put(out, static_cast<std::int16_t>(h));
}

void put_field(std::string& out, const std::string& bytes) {
  put(out, static_cast<std::int32_t>(bytes.size()));
  out += bytes;
}

std::string binary_attribute(const Column& c, std::size_t row) {
  std::string bytes;
  switch (c.type) {
    case Column::Type::bigint:
      put(bytes, static_cast<std::int64_t>(std::stoll(c.values[row])));
      break;
    case Column::Type::float8:
      put(bytes, std::bit_cast<std::int64_t>(std::stod(c.values[row])));
      break;
    case Column::Type::text:
      bytes = c.values[row];
      break;
  }
  return bytes;
}

}  // namespace

std::string quote_identifier(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

Client::Client(const std::string& conninfo) : connection_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(connection_) != CONNECTION_OK) {
    const std::string message = PQerrorMessage(connection_);
    PQfinish(connection_);
    throw std::runtime_error(message);
  }
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

std::vector<std::string> Client::column(const std::string& sql) {
  PGresult* r = PQexec(connection_, sql.c_str());
  if (PQresultStatus(r) != PGRES_TUPLES_OK) fail(r, sql);
  std::vector<std::string> values;
  for (int i = 0; i < PQntuples(r); ++i) values.emplace_back(PQgetvalue(r, i, 0));
  PQclear(r);
  return values;
}

std::string Client::value(const std::string& sql) {
  const auto values = column(sql);
  return values.empty() ? "" : values[0];
}

void Client::load(const std::string& table, VectorType type, const Matrix& rows,
                  const std::vector<Column>& attributes) {
  run("COPY " + table + " FROM STDIN (FORMAT binary)");
  std::string buffer("PGCOPY\n\377\r\n\0", 11), field;
  put(buffer, std::int32_t{0});
  put(buffer, std::int32_t{0});
  const auto send = [&] {
    if (PQputCopyData(connection_, buffer.data(), static_cast<int>(buffer.size())) != 1)
      throw std::runtime_error(PQerrorMessage(connection_));
    buffer.clear();
  };
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    put(buffer, static_cast<std::int16_t>(2 + attributes.size()));
    put(buffer, std::int32_t{8});
    put(buffer, static_cast<std::int64_t>(i));
    field.clear();
    put_vector(field, type, rows.row(i), rows.dim);
    put_field(buffer, field);
    for (const auto& a : attributes) put_field(buffer, binary_attribute(a, i));
    if (buffer.size() > (1u << 20)) send();
  }
  put(buffer, std::int16_t{-1});
  send();
  PQputCopyEnd(connection_, nullptr);
  PGresult* r = PQgetResult(connection_);
  if (PQresultStatus(r) != PGRES_COMMAND_OK) fail(r, "COPY " + table);
  PQclear(r);
  PQclear(PQgetResult(connection_));
}

Client::Parameters& Client::Parameters::vector(VectorType type, const float* v, std::size_t dim) {
  put_vector(values_.emplace_back(), type, v, dim);
  formats_.push_back(1);
  return *this;
}

Client::Parameters& Client::Parameters::bigint(std::int64_t x) {
  put(values_.emplace_back(), x);
  formats_.push_back(1);
  return *this;
}

Client::Parameters& Client::Parameters::text(const std::string& x) {
  values_.push_back(x);
  formats_.push_back(0);
  return *this;
}

void Client::prepare(const std::string& name, const std::string& sql) {
  PQclear(PQexec(connection_, ("DEALLOCATE " + name).c_str()));
  PGresult* r = PQprepare(connection_, name.c_str(), sql.c_str(), 0, nullptr);
  if (PQresultStatus(r) != PGRES_COMMAND_OK) fail(r, sql);
  PQclear(r);
}

namespace {
struct Arguments {
  std::vector<const char*> values;
  std::vector<int> lengths;
  explicit Arguments(const std::vector<std::string>& from) {
    for (const auto& v : from) {
      values.push_back(v.c_str());
      lengths.push_back(static_cast<int>(v.size()));
    }
  }
};
}  // namespace

Client::Answer Client::execute(const std::string& name, const Parameters& p) {
  const Arguments a(p.values_);
  const auto start = std::chrono::steady_clock::now();
  PGresult* r = PQexecPrepared(connection_, name.c_str(), static_cast<int>(a.values.size()),
                               a.values.data(), a.lengths.data(), p.formats_.data(), 1);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto status = PQresultStatus(r);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) fail(r, name);
  Answer answer{{}, took.count()};
  for (int i = 0; i < PQntuples(r); ++i) {
    std::uint64_t id = 0;
    if (PQgetlength(r, i, 0) != sizeof id) {
      PQclear(r);
      throw std::runtime_error("the query's first column must be a bigint");
    }
    std::memcpy(&id, PQgetvalue(r, i, 0), sizeof id);
    answer.ids.push_back(be64toh(id));
  }
  PQclear(r);
  return answer;
}

std::string Client::explain(const std::string& sql, const Parameters& p) {
  const Arguments a(p.values_);
  PGresult* r = PQexecParams(connection_, sql.c_str(), static_cast<int>(a.values.size()), nullptr,
                             a.values.data(), a.lengths.data(), p.formats_.data(), 0);
  if (PQresultStatus(r) != PGRES_TUPLES_OK) fail(r, sql);
  std::string text;
  for (int i = 0; i < PQntuples(r); ++i) text += std::string(PQgetvalue(r, i, 0)) + "\n";
  PQclear(r);
  return text;
}

}  // namespace rv::bench
