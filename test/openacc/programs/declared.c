/* options: -fopenacc
   Variables of declare directives, which a region finds by itself. */
int table[100];
#pragma acc declare create(table)
int resident[100];
#pragma acc declare device_resident(resident)
int linked[100];
#pragma acc declare link(linked)

#pragma acc routine seq
int at(int i) { return table[i]; }
#pragma acc routine seq
void keep(int i, int value) { resident[i] = value; }
#pragma acc routine seq
int kept(int i) { return resident[i]; }

void add(int n, int* out) {
#pragma acc parallel loop copyout(out[0:n]) present(linked) firstprivate(n)
  for (int i = 0; i < n; i++) {
    out[i] = at(i) + linked[i];
    keep(i, 2 * out[i]);
  }
}
void look(int n, int* out) {
#pragma acc parallel loop copyout(out[0:n]) firstprivate(n)
  for (int i = 0; i < n; i++) out[i] = kept(i);
}

int main(void) { return 0; }
