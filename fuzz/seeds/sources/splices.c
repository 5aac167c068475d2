#def\
ine A "x\
*/" /* *\
/ ??/
char a[5\
12];
#if 0
/*
#endif
"