/* minigrad.h: every public function of the C library, declared here and nowhere else.
 *
 * build_ops.py hands this file to cffi as it is (less the lines that start with '#'), and dispatch.c includes it.
 *
 * How to read a kernel's prototype:
 *   dtype      MG_F32 or MG_F64: the element type of every `void` array. Kernels without it work on bytes or integers.
 *   arrays     outputs first, then inputs; all C-contiguous unless strides (in elements) are named. No alignment is
 *              needed beyond the element's own. An output overlaps no input, unless the comment says "y may be x".
 *   "= ..."    overwrites its outputs; a kernel that adds to an output says "+=" and its name ends in _acc.
 *   int64_t n  sizes; zero is fine everywhere.
 *   double     constants of the operation. What changes from step to step (learning rate, step count, generator
 *              position) comes through a pointer instead, so that a recorded call can be replayed unchanged.
 *   bad        where a kernel takes indices: *bad = position of the first index out of range, else -1. An index out of
 *              range is never followed.
 * A kernel keeps nothing between calls, and gives the same bits for any number of threads.
 */
#ifndef MINIGRAD_H
#define MINIGRAD_H
#include <stdint.h>

enum { MG_F32 = 11, MG_F64 = 12 }; /* NumPy's type numbers, so that Python passes array.dtype.num */

/* -- configuration ------------------------------------------------------------------------------------------------ */

/* Choose the instruction set: "scalar", "avx2", "avx512", "neon", or "" for the best that this CPU has.
 * Returns the name chosen, or NULL when this build or this CPU lacks it. */
const char *mg_set_isa(const char *name);
const char *mg_get_isa(void);
const char *mg_compiler(void);
void mg_set_num_threads(int n); /* n >= 1 */
int mg_get_num_threads(void);
int64_t mg_jobs_shared(void); /* how many kernel calls have used the pool so far; small work must not */

/* -- recording kernel calls, and making them again: replay.c ------------------------------------------------------ */
/* From now on every kernel that this thread calls is also written down, as int64 words {words in all, kernel, dtype (0:
 * none), arguments in the kernel's order}, then the pointers that each array of pointers holds. A double's word
 * is its bits. */
void mg_record_start(void);
int64_t mg_record_used(void);        /* how many words there are; -1 if memory ran out */
void mg_record_stop(int64_t *words); /* copies them out, unless NULL, and ends the recording */
/* A kernel's name, and its parameters as kernels.def has them; NULL if there is no kernel of that number. */
const char *mg_kernel_name(int64_t kernel);
const char *mg_kernel_params(int64_t kernel);
/* Makes the calls of a program, `steps` times: each is {words in all, kernel, dtype, bad, arguments}. Before step s,
 * each of the moves {where, slot, offset} writes slots[slot].address + s * slots[slot].stride + offset there, slots
 * being pairs. Stops after a call whose *bad is not negative (bad 0: has none), and returns step * calls + its number,
 * else -1. share: the pool's threads help, and stay awake meanwhile; else this thread does everything. seconds (calls),
 * unless NULL: += the time of each. */
int64_t mg_replay(const int64_t *program, int64_t calls, const int64_t *moves, int64_t n_moves, const int64_t *slots,
                  int64_t steps, int64_t share, double *seconds);

/* -- arithmetic with broadcasting: elementwise.inc ---------------------------------------------------------------- */
/* z (rows, cols) = x ? y. Element (i, j) of x lies at x[i * x_row + j * x_col], x_col in {0, 1}; likewise y. So one
 * kernel serves same shape (rows = 1), scalar (0, 0), row (0, 1) and column (1, 0). z may be x or y where they have
 * z's shape. */
void mg_add(int dtype, void *z, const void *x, const void *y, int64_t rows, int64_t cols,
            int64_t x_row, int64_t x_col, int64_t y_row, int64_t y_col);
void mg_sub(int dtype, void *z, const void *x, const void *y, int64_t rows, int64_t cols,
            int64_t x_row, int64_t x_col, int64_t y_row, int64_t y_col);
void mg_mul(int dtype, void *z, const void *x, const void *y, int64_t rows, int64_t cols,
            int64_t x_row, int64_t x_col, int64_t y_row, int64_t y_col);
void mg_div(int dtype, void *z, const void *x, const void *y, int64_t rows, int64_t cols,
            int64_t x_row, int64_t x_col, int64_t y_row, int64_t y_col);
/* maximum and minimum propagate NaN. */
void mg_maximum(int dtype, void *z, const void *x, const void *y, int64_t rows, int64_t cols,
                int64_t x_row, int64_t x_col, int64_t y_row, int64_t y_col);
void mg_minimum(int dtype, void *z, const void *x, const void *y, int64_t rows, int64_t cols,
                int64_t x_row, int64_t x_col, int64_t y_row, int64_t y_col);
/* x ** y by the C library's pow, one element at a time. */
void mg_pow(int dtype, void *z, const void *x, const void *y, int64_t rows, int64_t cols,
            int64_t x_row, int64_t x_col, int64_t y_row, int64_t y_col);

/* -- functions of one array: elementwise.inc; the approximations are in vmath.h, with their error bounds ---------- */
/* y (n) = f(x (n)); y may be x. */
void mg_neg(int dtype, void *y, const void *x, int64_t n);
void mg_abs(int dtype, void *y, const void *x, int64_t n);
void mg_sign(int dtype, void *y, const void *x, int64_t n); /* -1, 0 or 1; 0 for NaN */
void mg_square(int dtype, void *y, const void *x, int64_t n);
void mg_sqrt(int dtype, void *y, const void *x, int64_t n);
void mg_rsqrt(int dtype, void *y, const void *x, int64_t n);      /* 1 / sqrt(x) */
void mg_reciprocal(int dtype, void *y, const void *x, int64_t n); /* 1 / x */
void mg_exp(int dtype, void *y, const void *x, int64_t n);
void mg_expm1(int dtype, void *y, const void *x, int64_t n);
void mg_log(int dtype, void *y, const void *x, int64_t n);
void mg_log1p(int dtype, void *y, const void *x, int64_t n);
void mg_erf(int dtype, void *y, const void *x, int64_t n);

/* -- activations and their gradients: activation.inc -------------------------------------------------------------- */
/* y (n) = f(x (n)), y may be x; dx (n) = dy (n) * f'(x), from x or from y = f(x), whichever is named. */
void mg_relu(int dtype, void *y, const void *x, int64_t n);                          /* max(x, 0); NaN stays NaN */
/* scale * dy where y > 0, else 0; scale is that of a dropout between ReLU and y, else 1 */
void mg_relu_grad(int dtype, void *dx, const void *dy, const void *y, int64_t n, double scale);
void mg_leaky_relu(int dtype, void *y, const void *x, int64_t n, double slope);      /* x if x > 0 else slope * x */
void mg_leaky_relu_grad(int dtype, void *dx, const void *dy, const void *x, int64_t n, double slope);
/* pos * x if x > 0 else neg * (exp(scale * x) - 1): ELU is (1, alpha, 1), SELU (lambda, lambda * alpha, 1) */
void mg_elu(int dtype, void *y, const void *x, int64_t n, double pos, double neg, double scale);
void mg_elu_grad(int dtype, void *dx, const void *dy, const void *x, int64_t n, double pos, double neg, double scale);
void mg_sigmoid(int dtype, void *y, const void *x, int64_t n);                       /* 1 / (1 + exp(-x)) */
void mg_sigmoid_grad(int dtype, void *dx, const void *dy, const void *y, int64_t n); /* dy * y * (1 - y) */
void mg_tanh(int dtype, void *y, const void *x, int64_t n);
void mg_tanh_grad(int dtype, void *dx, const void *dy, const void *y, int64_t n);    /* dy * (1 - y^2) */
void mg_gelu(int dtype, void *y, const void *x, int64_t n);                          /* x * Phi(x), exact */
void mg_gelu_grad(int dtype, void *dx, const void *dy, const void *x, int64_t n);
void mg_gelu_tanh(int dtype, void *y, const void *x, int64_t n); /* x/2 (1 + tanh(sqrt(2/pi) (x + .044715 x^3))) */
void mg_gelu_tanh_grad(int dtype, void *dx, const void *dy, const void *x, int64_t n);
void mg_silu(int dtype, void *y, const void *x, int64_t n);                          /* x * sigmoid(x) */
void mg_silu_grad(int dtype, void *dx, const void *dy, const void *x, int64_t n);
/* log(1 + exp(beta x)) / beta, and x itself where beta x > threshold */
void mg_softplus(int dtype, void *y, const void *x, int64_t n, double beta, double threshold);
void mg_softplus_grad(int dtype, void *dx, const void *dy, const void *x, int64_t n, double beta, double threshold);
void mg_mish(int dtype, void *y, const void *x, int64_t n);                     /* x * tanh(log(1 + exp(x))) */
void mg_mish_grad(int dtype, void *dx, const void *dy, const void *x, int64_t n);
/* x between low and high; dx is dy where low < x < high (or x is NaN), else 0 */
void mg_hardtanh(int dtype, void *y, const void *x, int64_t n, double low, double high);
void mg_hardtanh_grad(int dtype, void *dx, const void *dy, const void *x, int64_t n, double low, double high);
void mg_hardswish(int dtype, void *y, const void *x, int64_t n);                /* x * (x + 3 between 0 and 6) / 6 */
void mg_hardswish_grad(int dtype, void *dx, const void *dy, const void *x, int64_t n);

/* -- reductions over the middle axis of x (outer, n, inner): reduce.inc ------------------------------------------- */
/* y (outer, inner) = sum over the axis, scaled: scale * sum */
void mg_sum(int dtype, void *y, const void *x, int64_t outer, int64_t n, int64_t inner, double scale);
/* y (outer, inner) = largest (smallest), at (outer, inner) = its first position; the first NaN wins; n >= 1 */
void mg_max(int dtype, void *y, int64_t *at, const void *x, int64_t outer, int64_t n, int64_t inner);
void mg_min(int dtype, void *y, int64_t *at, const void *x, int64_t outer, int64_t n, int64_t inner);

/* -- losses of two arrays: loss.inc -------------------------------------------------------------------------------- */
/* y (1) = scale * sum f(x, t) of x (n), t (n), and dx (n) = dy (1) * scale * df/dx; with each != 0, y (n) = scale * f,
 * and dy is (n). p is a constant of the formula, where it has one. */
/* (x - t)^2 */
void mg_mse(int dtype, void *y, const void *x, const void *t, int64_t n, int64_t each, double scale, double p);
void mg_mse_grad(int dtype, void *dx, const void *dy, const void *x, const void *t, int64_t n, int64_t each,
                 double scale, double p);
/* |x - t| */
void mg_l1(int dtype, void *y, const void *x, const void *t, int64_t n, int64_t each, double scale, double p);
void mg_l1_grad(int dtype, void *dx, const void *dy, const void *x, const void *t, int64_t n, int64_t each,
                double scale, double p);
/* d^2 / 2 where d = |x - t| < p, else p (d - p / 2) */
void mg_huber(int dtype, void *y, const void *x, const void *t, int64_t n, int64_t each, double scale, double p);
void mg_huber_grad(int dtype, void *dx, const void *dy, const void *x, const void *t, int64_t n, int64_t each,
                   double scale, double p);
/* (1 - t) x + log(1 + exp(-x)) */
void mg_bce_logits(int dtype, void *y, const void *x, const void *t, int64_t n, int64_t each, double scale, double p);
void mg_bce_logits_grad(int dtype, void *dx, const void *dy, const void *x, const void *t, int64_t n, int64_t each,
                        double scale, double p);
/* -(t log x + (1 - t) log(1 - x)), the logs no less than -100 */
void mg_bce(int dtype, void *y, const void *x, const void *t, int64_t n, int64_t each, double scale, double p);
void mg_bce_grad(int dtype, void *dx, const void *dy, const void *x, const void *t, int64_t n, int64_t each,
                 double scale, double p);

/* -- matrix product: matmul.inc ----------------------------------------------------------------------------------- */
/* c (m, n) = a (m, k) @ b (k, n) [+ bias (n), unless NULL].
 * a[i, p] lies at a[i * a_row + p * a_col], and one of a_row, a_col is 1; likewise b[p, j]. So all four transpose
 * forms, and blocks of larger matrices, are read where they lie. c is contiguous. */
void mg_matmul(int dtype, void *c, const void *a, const void *b, const void *bias, int64_t m, int64_t n, int64_t k,
               int64_t a_row, int64_t a_col, int64_t b_row, int64_t b_col);

/* -- a layer: linear.inc ------------------------------------------------------------------------------------------ */
/* y (rows, out) = x (rows, in) @ w (out, in)^T [+ b (out), unless NULL], then max(y, 0) if relu, then mg_dropout if
 * keep is not 0 (draw is not read otherwise). x is strided as mg_matmul's a, y is contiguous, and so is w; across: w is
 * (in, out), as Keras keeps it. */
void mg_linear(int dtype, void *y, const void *x, const void *w, const void *b, const uint64_t *draw, int64_t rows,
               int64_t out, int64_t in, int64_t x_row, int64_t x_col, int64_t across, int64_t relu, int64_t keep);
/* dx (rows, in) = dy (rows, out) @ w, dw (out, in) = dy^T @ x, db (out) = sum of dy's rows; none of those that are
 * NULL; across: w and dw are (in, out) */
void mg_linear_grad(int dtype, void *dx, void *dw, void *db, const void *dy, const void *x, const void *w,
                    int64_t rows, int64_t out, int64_t in, int64_t x_row, int64_t x_col, int64_t across);

/* -- softmax and cross-entropy over the last axis of (rows, cols): softmax.inc ------------------------------------ */
void mg_softmax(int dtype, void *y, const void *x, int64_t rows, int64_t cols); /* exp(x - max) / sum */
/* dx = y * (dy - sum_j dy_j y_j) */
void mg_softmax_grad(int dtype, void *dx, const void *dy, const void *y, int64_t rows, int64_t cols);
void mg_log_softmax(int dtype, void *y, const void *x, int64_t rows, int64_t cols); /* x - max - log(sum) */
/* dx = dy - exp(y) * sum_j dy_j */
void mg_log_softmax_grad(int dtype, void *dx, const void *dy, const void *y, int64_t rows, int64_t cols);
/* loss (rows) = log sum exp x[i] - x[i, t_i], 0 where t_i == ignore; lse (rows, 2) = max x[i] and log sum exp(x[i] -
 * max). mean (1) = sum of the losses / count, count (1) = rows not ignored. */
void mg_cross_entropy(int dtype, void *loss, void *lse, void *mean, void *count, int64_t *bad, const void *x,
                      const int64_t *target, int64_t rows, int64_t cols, int64_t ignore);
/* dx[i] = dy[i * dy_row] / count * (exp(x[i] - lse[i,0] - lse[i,1]) - onehot(t_i)), 0 where ignored; count NULL is 1 */
void mg_cross_entropy_grad(int dtype, void *dx, const void *dy, const void *count, const void *x, const void *lse,
                           const int64_t *target, int64_t rows, int64_t cols, int64_t ignore, int64_t dy_row);
/* loss (rows) = sum_j t[i,j] (log sum exp x[i] - x[i,j]) of weights t (rows, cols); lse as above; mean (1): of the
 * losses */
void mg_soft_cross_entropy(int dtype, void *loss, void *lse, void *mean, const void *x, const void *t, int64_t rows,
                           int64_t cols);
/* dx[i] = dy[i] (exp(x[i] - lse[i,0] - lse[i,1]) sum_j t[i,j] - t[i]) for dy_row 1; dy[0] / rows for dy_row 0 */
void mg_soft_cross_entropy_grad(int dtype, void *dx, const void *dy, const void *x, const void *t, const void *lse,
                                int64_t rows, int64_t cols, int64_t dy_row);
/* y (rows) = x[i, t_i], 0 where t_i == ignore; its gradient writes dy[i] to dx[i, t_i] and 0 elsewhere */
void mg_pick(int dtype, void *y, int64_t *bad, const void *x, const int64_t *target, int64_t rows, int64_t cols,
             int64_t ignore);
void mg_pick_grad(int dtype, void *dx, const void *dy, const int64_t *target, int64_t rows, int64_t cols,
                  int64_t ignore);

/* -- normalisation: layer_norm.inc, batch_norm.inc ---------------------------------------------------------------- */
/* y = (x - mean) / sqrt(var + eps) * w + b over the last axis of x (rows, cols); w, b (cols), NULL: 1, 0. stats (rows,
 * 2) = mean, 1 / sqrt(var + eps). centred 0: mean is 0, and var the mean square (RMS normalisation). */
void mg_layer_norm(int dtype, void *y, void *stats, const void *x, const void *w, const void *b, int64_t rows,
                   int64_t cols, double eps, int64_t centred);
/* dx, dw, db; each may be NULL */
void mg_layer_norm_grad(int dtype, void *dx, void *dw, void *db, const void *dy, const void *x, const void *stats,
                        const void *w, int64_t rows, int64_t cols, int64_t centred);
/* The same over the outer and the inner axis of x (outer, channels, inner); w, b (channels), NULL: 1, 0. stats (2,
 * channels) = means, 1 / sqrt(var + eps). hyper = {eps, momentum, training}. With training, running_mean and
 * running_var (channels, or NULL) move by momentum towards the mean and the unbiased variance; without, they are the
 * statistics, and stay as they are. */
void mg_batch_norm(int dtype, void *y, void *stats, void *running_mean, void *running_var, const void *x,
                   const void *w, const void *b, const double *hyper, int64_t outer, int64_t channels, int64_t inner);
/* dx, dw, db; each may be NULL. training 0: the statistics were given, no gradient flows through them. */
void mg_batch_norm_grad(int dtype, void *dx, void *dw, void *db, const void *dy, const void *x, const void *stats,
                        const void *w, int64_t outer, int64_t channels, int64_t inner, int64_t training);

/* -- convolution of x (n, groups * c_in, in_h, in_w) with w (groups * c_out, c_in, kh, kw): conv.inc --------------- */
/* shape (16) = {n, groups, c_in, c_out, in_h, in_w, out_h, out_w, kh, kw, stride_h, stride_w, pad_h, pad_w, dil_h,
 * dil_w}: c_in and c_out of one group, pad before the image; beyond the image x is 0. K = c_in kh kw, P = out_h out_w.
 * work is scratch memory, whose contents do not matter before or after. */
/* cols (n, K, P) = for each position of the result the patch of x that it sees; groups is 1 */
void mg_im2col(int dtype, void *cols, const void *x, const int64_t *shape);
/* x = the sum of all elements of cols that im2col takes from there */
void mg_col2im(int dtype, void *x, const void *cols, const int64_t *shape);
/* y (n, groups * c_out, out_h, out_w) = w @ im2col(x) + bias (groups * c_out), unless NULL; work (slices, K, P), of
 * which each thread uses a slice */
void mg_conv(int dtype, void *y, void *work, const void *x, const void *w, const void *bias, const int64_t *shape,
             int64_t slices);
/* dx = col2im(w^T @ dy); work (slices, K, P) */
void mg_conv_grad_x(int dtype, void *dx, void *work, const void *dy, const void *w, const int64_t *shape,
                    int64_t slices);
/* dw = sum over the images dy @ im2col(x)^T; work (groups * K * (c_out + P)) */
void mg_conv_grad_w(int dtype, void *dw, void *work, const void *dy, const void *x, const int64_t *shape);

/* -- pooling of planes x (planes, in_h, in_w) to (planes, out_h, out_w): pool.inc ---------------------------------- */
/* windows = {start_h (out_h), end_h (out_h), start_w (out_w), end_w (out_w)}: window (i, j) is x[start_h[i] ..
 * end_h[i] - 1, start_w[j] .. end_w[j] - 1], in steps. All within the plane, and at least one element. */
/* y = the largest of each window, at = its first position in the plane; the first NaN wins */
void mg_max_pool(int dtype, void *y, int64_t *at, const void *x, const int64_t *windows, int64_t planes, int64_t in_h,
                 int64_t in_w, int64_t out_h, int64_t out_w, int64_t step_h, int64_t step_w);
/* dx (planes, size) = 0, then dx[at] += dy (planes, out); positions out of range are skipped */
void mg_max_pool_grad(int dtype, void *dx, const void *dy, const int64_t *at, int64_t planes, int64_t size,
                      int64_t out);
/* y = scale[i] scale[out_h + j] sum of window (i, j), which may be empty; and its gradient */
void mg_avg_pool(int dtype, void *y, const void *x, const int64_t *windows, const double *scale, int64_t planes,
                 int64_t in_h, int64_t in_w, int64_t out_h, int64_t out_w);
void mg_avg_pool_grad(int dtype, void *dx, const void *dy, const int64_t *windows, const double *scale, int64_t planes,
                      int64_t in_h, int64_t in_w, int64_t out_h, int64_t out_w);

/* -- random numbers and dropout: dropout.inc ---------------------------------------------------------------------- */
/* A draw is {key, offset}: the seed, and how many draws the generator made before. Block b of a draw is
 * Philox4x32-10 of counter (b, offset) under key, low words first: four 32-bit words, or eight 16-bit ones. */
/* draw (2) = state (2); state's offset += 1 */
void mg_draw(uint64_t *draw, uint64_t *state);
/* words (4 * blocks): blocks first .. first + blocks - 1 */
void mg_philox(uint32_t *words, const uint64_t *draw, uint64_t first, int64_t blocks);
/* mask[i] (n) = 1 with probability keep / 65536, else 0; 1 <= keep <= 65535. That is where number i of the draw is
 * below keep, in numbers of 16 bits; where keep is a multiple of 256, below keep / 256 in numbers of 8 bits; and where
 * keep is 32768, where bit i is 0. Numbers lie in the draw's words from the low end up. */
void mg_dropout_mask(uint8_t *mask, const uint64_t *draw, int64_t n, int64_t keep);
/* y[i] = x[i] * (65536 / keep) where the same mask is 1, else +0; y may be x. Its own gradient. */
void mg_dropout(int dtype, void *y, const void *x, const uint64_t *draw, int64_t n, int64_t keep);
/* y[i] = x[i] where the same mask is 1, else +0; y may be x. Its own gradient. */
void mg_classic_dropout(int dtype, void *y, const void *x, const uint64_t *draw, int64_t n, int64_t keep);
/* y[i] = x[i] * scale where mask[i], else +0; y may be x */
void mg_mask_scale(int dtype, void *y, const void *x, const uint8_t *mask, int64_t n, double scale);
/* y[i] uniform in [low, high), from 24 (float) or 53 (double) bits */
void mg_uniform(int dtype, void *y, const uint64_t *draw, int64_t n, double low, double high);

/* -- noise, and the bound on weights: noise.inc ------------------------------------------------------------------- */
/* Normal i of a draw: let a and b be numbers i and i + R of it, R = 16 (float, numbers of 32 bits) or 8 (double, of
 * 64), for those i whose place in a run of 2 R is below R. Then sqrt(-2 ln a) times a cosine and a sine of b are
 * normals i and i + R. The same bits for any number of threads and any instruction set. */
/* y = x (mean + std normal), element by element; y may be x. Its own gradient. */
void mg_normal_mul(int dtype, void *y, const void *x, const uint64_t *draw, int64_t n, double mean, double std);
/* y = x + std normal; y may be x */
void mg_normal_add(int dtype, void *y, const void *x, const uint64_t *draw, int64_t n, double std);
/* y (rows, n) = x n / k at k places of each row, chosen alike from all, else +0; y may be x. Its own gradient. Element
 * j takes word j of those that start at block row * ceil(n / 4). */
void mg_exact_dropout(int dtype, void *y, const void *x, const uint64_t *draw, int64_t rows, int64_t n, int64_t k);
/* w (outer, units, inner): each unit, which is w[:, u, :], whose norm |w_u| is larger than c becomes w_u c / |w_u|. A
 * norm within 2^-21 (float) or 2^-32 (double) of c counts as c, so that a second call changes nothing. */
void mg_max_norm(int dtype, void *w, int64_t outer, int64_t units, int64_t inner, double c);

/* -- copies: copy.inc --------------------------------------------------------------------------------------------- */
/* y = x in another type, element by element. Types are NumPy's numbers of bool, uint8, int32, int64, float and double;
 * layout = {shape (ndim), strides of y (ndim), strides of x (ndim)}, in elements. Floats that an integer can't hold
 * become the smallest int32 or int64, a uint8 being the last byte of that int64; a bool is x != 0. */
void mg_copy(void *y, const void *x, const int64_t *layout, int64_t ndim, int64_t to, int64_t from);
/* x (n) += by */
void mg_count(int64_t *x, int64_t n, int64_t by);

/* -- rows by index: gather.inc ------------------------------------------------------------------------------------ */
/* y (n, row_bytes) = x[index[i]], x (x_rows, row_bytes); 0 where the index is out of range */
void mg_gather_rows(void *y, int64_t *bad, const void *x, const int64_t *index, int64_t n, int64_t row_bytes,
                    int64_t x_rows);
/* y[index[i]] (y_rows, cols) += x[i] (n, cols), in the order of i */
void mg_scatter_rows_acc(int dtype, void *y, int64_t *bad, const void *x, const int64_t *index, int64_t n,
                         int64_t cols, int64_t y_rows);
/* order (n): where the smallest of n random numbers of 64 bits is, the second ...; in time n if they are uniform. Of
 * two equal ones, the first comes first. first (n + 1) is room to work. order.inc */
void mg_order(int64_t *order, int64_t *first, const void *keys, int64_t n);

/* -- gradient clipping: clip.inc ---------------------------------------------------------------------------------- */
/* norm (1) = the square root of the sum of all squares, summed in double */
void mg_total_norm(int dtype, void *norm, void *const *grad, const int64_t *sizes, int64_t count);
/* each grad[i] (sizes[i]) times max_norm / (norm + 1e-6), if that is less than 1 */
void mg_clip(int dtype, void *const *grad, const void *norm, const int64_t *sizes, int64_t count, double max_norm);

/* -- optimisers: optim.inc, optim_scaled.inc ----------------------------------------------------------------------- */
/* One call updates `count` parameters; param[i], grad[i] and the state of the same name have sizes[i] elements;
 * steps[i][0] counts the updates of parameter i. The formulas are PyTorch's, for the options in hyper. */

/* hyper = {lr, momentum, dampening, weight_decay, nesterov, maximize}. velocity may hold NULLs when momentum is 0; the
 * first step sets it to the gradient. */
void mg_sgd(int dtype, void *const *param, void *const *grad, void *const *velocity, double *const *steps,
            const int64_t *sizes, int64_t count, const double *hyper);
/* hyper = {lr, beta1, beta2, eps, weight_decay, decoupled, maximize, amsgrad, before}; AdamW is decoupled. before: eps
 * is added to sqrt(v) before the correction of its bias, as in Keras */
void mg_adam(int dtype, void *const *param, void *const *grad, void *const *m, void *const *v, void *const *vmax,
             double *const *steps, const int64_t *sizes, int64_t count, const double *hyper);
/* hyper = {lr, beta1, beta2, eps, weight_decay, maximize} */
void mg_adamax(int dtype, void *const *param, void *const *grad, void *const *m, void *const *u,
               double *const *steps, const int64_t *sizes, int64_t count, const double *hyper);
/* hyper = {lr, beta1, beta2, eps, weight_decay, decoupled, maximize, momentum_decay, single}; single: mu_product, which
 * starts at 1, is rounded to single precision, as PyTorch keeps it */
void mg_nadam(int dtype, void *const *param, void *const *grad, void *const *m, void *const *v,
              double *const *mu_product, double *const *steps, const int64_t *sizes, int64_t count,
              const double *hyper);
/* hyper = {lr, beta1, beta2, eps, weight_decay, decoupled, maximize} */
void mg_radam(int dtype, void *const *param, void *const *grad, void *const *m, void *const *v,
              double *const *steps, const int64_t *sizes, int64_t count, const double *hyper);
/* hyper = {lr, alpha, eps, weight_decay, momentum, centered, maximize}; buffer (m) may hold NULLs without momentum
 * (unless centered) */
void mg_rmsprop(int dtype, void *const *param, void *const *grad, void *const *m, void *const *v,
                void *const *buffer, double *const *steps, const int64_t *sizes, int64_t count, const double *hyper);
/* hyper = {lr, lr_decay, eps, weight_decay, maximize} */
void mg_adagrad(int dtype, void *const *param, void *const *grad, void *const *sum, double *const *steps,
                const int64_t *sizes, int64_t count, const double *hyper);
/* hyper = {lr, rho, eps, weight_decay, maximize} */
void mg_adadelta(int dtype, void *const *param, void *const *grad, void *const *v, void *const *u,
                 double *const *steps, const int64_t *sizes, int64_t count, const double *hyper);
/* hyper = {eta_minus, eta_plus, smallest, largest, maximize} */
void mg_rprop(int dtype, void *const *param, void *const *grad, void *const *prev, void *const *size,
              double *const *steps, const int64_t *sizes, int64_t count, const double *hyper);
/* hyper = {lr, lambd, alpha, t0, weight_decay, maximize, single}; eta starts at lr and mu at 1; single: both are
 * rounded to single precision, as PyTorch keeps them */
void mg_asgd(int dtype, void *const *param, void *const *grad, void *const *average, double *const *eta,
             double *const *mu, double *const *steps, const int64_t *sizes, int64_t count, const double *hyper);

/* The same with Keras's formulas: optim_keras.inc. hyper = {lr, momentum, nesterov, weight_decay} */
void mg_keras_sgd(int dtype, void *const *param, void *const *grad, void *const *velocity, double *const *steps,
                  const int64_t *sizes, int64_t count, const double *hyper);
/* hyper = {lr, rho, eps, momentum, centered, weight_decay} */
void mg_keras_rmsprop(int dtype, void *const *param, void *const *grad, void *const *m, void *const *v,
                      void *const *buffer, double *const *steps, const int64_t *sizes, int64_t count,
                      const double *hyper);
/* hyper = {lr, eps, weight_decay} */
void mg_keras_adagrad(int dtype, void *const *param, void *const *grad, void *const *sum, double *const *steps,
                      const int64_t *sizes, int64_t count, const double *hyper);
/* hyper = {lr, rho, eps, weight_decay} */
void mg_keras_adadelta(int dtype, void *const *param, void *const *grad, void *const *v, void *const *u,
                       double *const *steps, const int64_t *sizes, int64_t count, const double *hyper);
/* hyper = {lr, beta1, beta2, eps, weight_decay} */
void mg_keras_adamax(int dtype, void *const *param, void *const *grad, void *const *m, void *const *u,
                     double *const *steps, const int64_t *sizes, int64_t count, const double *hyper);

#endif
