// Differentiable operations on a Tape. Shapes: x is [n, k]; weights are [out, in]. An adjacency has
// a row per receiving node and a column per sending node; where `rows` is given only its first
// `rows` rows are computed, and x holds at least the senders those rows name.
//
// Each operation's derivative is checked against finite differences (test/unit/gnn).
#pragma once

#include "core/gnn/tape.h"

namespace rv::gnn {

enum class Activation : unsigned char { none, relu, elu, leaky_relu, tanh, sigmoid };

// x W^T (+ b, a row); b may be kNone.
template <class T>
Var linear(Tape<T>& t, Var x, Var w, Var b);
// The same for sparse features that are not trained; x must have been transposed.
template <class T>
Var linear(Tape<T>& t, const Csr<T>& x, Var w, Var b);
template <class T>
Var add(Tape<T>& t, Var a, Var b);
// x + b for a row b.
template <class T>
Var add_row(Tape<T>& t, Var x, Var b);
// a x + b y element-wise.
template <class T>
Var combine(Tape<T>& t, T a, Var x, T b, Var y);
template <class T>
Var activate(Tape<T>& t, Var x, Activation f);
// Zeroes elements with probability p and scales the others by 1 / (1 - p); nothing outside
// training.
template <class T>
Var dropout(Tape<T>& t, Var x, double p);
// The same on the stored entries of sparse features; the result belongs to the caller.
template <class T>
Csr<T> dropout(Tape<T>& t, const Csr<T>& x, double p);
// Rows divided by their Euclidean length; zero rows stay zero.
template <class T>
Var normalize_rows(Tape<T>& t, Var x);
template <class T>
Var first_rows(Tape<T>& t, Var x, std::size_t rows);
template <class T>
Var columns(Tape<T>& t, Var x, std::size_t from, std::size_t count);
// [a | b]
template <class T>
Var concat(Tape<T>& t, Var a, Var b);
// Average over `heads` equal groups of columns.
template <class T>
Var mean_heads(Tape<T>& t, Var x, std::size_t heads);
// (1 + eps) x + y with a trained 1x1 eps.
template <class T>
Var gin_combine(Tape<T>& t, Var x, Var y, Var eps);

// sum over in-edges of weight * x[source]. The adjacency must have been transposed for training.
template <class T>
Var propagate(Tape<T>& t, const Csr<T>& adjacency, std::size_t rows, Var x);
// Element-wise maximum or minimum over in-edges (0 without any); ties: the first source.
template <class T>
Var extreme(Tape<T>& t, const Csr<T>& adjacency, std::size_t rows, Var x, bool maximum);
// Element-wise population standard deviation over in-edges.
template <class T>
Var deviation(Tape<T>& t, const Csr<T>& adjacency, std::size_t rows, Var x);

// Options of the graph attention layers.
struct AttentionOptions {
  std::size_t heads = 1;
  double negative_slope = 0.2;
  double dropout = 0;  // of the attention weights, in training
};
// GAT, Velickovic et al. 2018: h is W x [n, heads * d]; a_src, a_dst [heads, d]. Softmax over the
// in-edges of LeakyReLU(a_src . h_source + a_dst . h_target).
template <class T>
Var gat(Tape<T>& t, const Csr<T>& adjacency, std::size_t rows, Var h, Var a_src, Var a_dst,
        const AttentionOptions& options);
// GATv2, Brody et al. 2022: softmax of a . LeakyReLU(left_source + right_target), message left.
template <class T>
Var gatv2(Tape<T>& t, const Csr<T>& adjacency, std::size_t rows, Var left, Var right, Var a,
          const AttentionOptions& options);
// sum over in-edges of softmax(scale * q_target . x_source) x_source.
template <class T>
Var dot_attention(Tape<T>& t, const Csr<T>& adjacency, std::size_t rows, Var q, Var x, T scale);

// The last hidden state of an LSTM that reads the in-edges' sources in order, each row from a zero
// state; xw is x W_ih^T + b_ih [n, 4 d], gates in the order input, forget, cell, output.
template <class T>
Var lstm_over_edges(Tape<T>& t, const Csr<T>& adjacency, std::size_t rows, Var xw, Var w_hh,
                    Var b_hh);
// One LSTM step from gate pre-activations [n, 4 d] and the previous [hidden | cell] (kNone: zero)
// to [hidden | cell], [n, 2 d].
template <class T>
Var lstm_cell(Tape<T>& t, Var gates, Var previous);

// Losses: a 1x1 value whose gradient has been set to one.
// Mean cross entropy of softmax(logits[row]) against label[row] over the given rows.
template <class T>
Var cross_entropy(Tape<T>& t, Var logits, std::span<const std::uint32_t> rows,
                  std::span<const std::int32_t> labels);
// A pair of rows of z and whether an edge joins them.
struct LabelledPair {
  std::uint32_t a, b;
  bool linked;
};
// Mean binary cross entropy of sigmoid(z_a . z_b).
template <class T>
Var pair_loss(Tape<T>& t, Var z, std::span<const LabelledPair> pairs);

}  // namespace rv::gnn
