// alone
int nothing;
