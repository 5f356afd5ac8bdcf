// Ends with 0 where the program's beginning lets it begin.
int main() { return 0; }
