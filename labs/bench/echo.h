/* Echo: what a message costs that comes and goes, the group e6 of rt-bench. */
#ifndef LABS_BENCH_ECHO_H
#define LABS_BENCH_ECHO_H

/* Streams over pairs of Unix sockets, both ends on one loop. */
void bench_hops(void);

/* A server at a port of this machine, 0 for any, which sends back what it
 * gets, until it is killed. Says "ready" and the port when it listens. Does
 * not return but with a status of failure. */
int bench_echo_server(int port);

#endif
