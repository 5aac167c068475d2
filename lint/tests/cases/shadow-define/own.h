#define OWN_ARG 128
