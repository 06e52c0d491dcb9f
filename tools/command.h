// The commands of olstm. Each takes what follows its name and returns the exit code.
#ifndef OLSTM_TOOLS_COMMAND_H_
#define OLSTM_TOOLS_COMMAND_H_

int olstm__command_run(int argc, char** argv);
int olstm__command_inspect(int argc, char** argv);
int olstm__command_conform(int argc, char** argv);
int olstm__command_bench(int argc, char** argv);
int olstm__command_cases(int argc, char** argv);
int olstm__command_convert(int argc, char** argv);
int olstm__command_ops(int argc, char** argv);
int olstm__command_weights(int argc, char** argv);

#endif  // OLSTM_TOOLS_COMMAND_H_
