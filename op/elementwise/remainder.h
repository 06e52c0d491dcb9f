// fmod in bounded time: libm's takes a step for each bit by which the exponents differ,
// up to 2,098 of them. Exact, as fmod is: the same bits.
#ifndef OLSTM_OP_ELEMENTWISE_REMAINDER_H_
#define OLSTM_OP_ELEMENTWISE_REMAINDER_H_

/// What fmodf and fmod give, by at most 7 and 191 divisions of integers. [no-alloc]
float olstm__remainder_f32(float p, float q);
double olstm__remainder_f64(double p, double q);

#endif  // OLSTM_OP_ELEMENTWISE_REMAINDER_H_
