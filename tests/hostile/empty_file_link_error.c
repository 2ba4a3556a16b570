// alone
