/* options: -fopenacc
   OpenACC regions that do not end well. */
void store(long where) {
#pragma acc parallel num_gangs(1) num_workers(1) vector_length(1) firstprivate(where)
  *(volatile int *)where = 1;
}

void spin(long where) {
#pragma acc parallel num_gangs(1) num_workers(1) vector_length(1) firstprivate(where)
  while (*(volatile int *)where) ;
}

int main(void) {
  return 0;
}
