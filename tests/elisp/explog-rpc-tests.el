;;; explog-rpc-tests.el --- Tests of what comes over the wire  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; Emacs takes data from a server, and nothing else: whatever it sends, no
;; code in it is run, no object is made of it but strings, numbers,
;; symbols, lists and vectors, and Emacs goes on.  The other side here is
;; tests/rpc/hostile_server.py.

;;; Code:

(require 'cl-lib)
(require 'explog-test)
(require 'explog-attention)
(require 'explog-test-server)

(defvar explog-rpc-tests-evaluated nil
  "Set by the code in the messages, should it ever be run.")

(defconst explog-rpc-tests-code "(setq explog-rpc-tests-evaluated t)"
  "What the messages try to have evaluated.")

(defun explog-rpc-tests-hostile ()
  "Return texts that are more than data, an alist by what they are."
  (let ((run explog-rpc-tests-code))
    `(("when to display" . ,(format "#(\"text\" 0 4 (display ((when %s . \"x\"))))" run))
      ("a tooltip" . ,(format "#(\"text\" 0 4 (help-echo (lambda (&rest _) %s)))" run))
      ("hooks" . ,(format "#(\"text\" 0 4 (modification-hooks ((lambda (&rest _) %s))))" run))
      ("a keymap" . ,(format "#(\"text\" 0 4 (keymap (keymap (t . (lambda () %s)))))" run))
      ("a property in a row" . "[[\"a\" #(\"b\" 0 1 (face bold)) nil]]")
      ("a long reply" . ,(format "[%s #(\"b\" 0 1 (face bold))]"
                                 (mapconcat #'identity (make-list 5000 "[\"a\" 1]") " ")))
      ("byte code" . "#[(&rest _) \"\\300\\207\" [x] 1]")
      ("a cycle" . "#1=(a . #1#)")
      ("a cyclic vector" . "#1=[a #1#]")
      ("a hash table" . "#s(hash-table size 1 test equal data (a b))")
      ("a huge hash table" . "#s(hash-table size 1000000000 data (a b))")
      ("a record" . "#s(explog-rpc-connection x)")
      ("a bool vector" . "#&99999999\"x\"")
      ("a char table" . "#^[nil nil]")
      ("the file that is loaded" . "#$")
      ("to skip" . "#@100000000")
      ("to evaluate" . ,(format "#.%s" run))
      ("a function" . ,(format "#'(lambda () %s)" run))
      ("a symbol of its own" . "#:hidden"))))

(defconst explog-rpc-tests-harmless
  '("(setq explog-rpc-tests-evaluated t)" "(a . b)" "shell-command" "(macro lambda nil x)"
    "\"\\\\[shell-command] %s %d %n \\\\<global-map> `x'\"" "\"a\\e]0;x\\a\\e[2J\""
    "(:eval (setq explog-rpc-tests-evaluated t))" "1.5e300" "[]")
  "Texts that are data, whatever they look like.")

(defconst explog-rpc-tests-broken
  `("(((" ")" "" "\"" "?\\C-\\M-" "\\"
    ,(make-string 200000 ?\() ,(make-string 200000 ?\[) ,(make-string 200000 ?')
    ,(concat (make-string 200000 ?\() (make-string 200000 ?\)))
    ,(apply #'concat (make-list 60000 "(\"a\" ")))
  "Texts that cannot be read, or are nested deeper than any reply.")

(defmacro explog-rpc-tests-with (&rest body)
  "Do BODY with the hostile server, and check that no code of it was run."
  (declare (indent 0) (debug t))
  `(explog-server-tests-with nil
     (let ((explog-server-command
            (list (car explog-server-command)
                  (expand-file-name "tests/rpc/hostile_server.py"
                                    explog-server-tests-root)))
           (explog-rpc-tests-evaluated nil))
       (explog-server-tests-ready)
       ,@body
       (redisplay t)
       (should-not explog-rpc-tests-evaluated)
       (should (explog-server-ready-p)))))

(defun explog-rpc-tests-refused (method text)
  "Check that the answer TEXT to METHOD is refused, and that others are not."
  (let ((data (explog-server-tests-error method (list text))))
    (should (equal "bad-message" (car data)))
    (should (< (length (cadr data)) 300)))
  (should (eq t (explog-server-call-sync "reply" '("t")))))

;;;; Replies

(ert-deftest explog-rpc-refuses-what-is-more-than-data ()
  (explog-rpc-tests-with
    (pcase-dolist (`(,_ . ,text) (explog-rpc-tests-hostile))
      (explog-rpc-tests-refused "reply" text)
      (explog-rpc-tests-refused "fail" text))))

(ert-deftest explog-rpc-reads-data-that-looks-like-more ()
  (explog-rpc-tests-with
    (dolist (text explog-rpc-tests-harmless)
      (should (equal (car (read-from-string text))
                     (explog-server-call-sync "reply" (list text)))))))

(ert-deftest explog-rpc-survives-what-cannot-be-read ()
  (explog-rpc-tests-with
    (dolist (text explog-rpc-tests-broken)
      (let ((result (condition-case err
                        (explog-server-call-sync "reply" (list text))
                      (explog-error (cadr err)))))
        ;; Only newer Emacsen read what is nested that deep.
        (should (or (equal "bad-message" result)
                    (null result)
                    (> emacs-major-version 28))))
      (garbage-collect)
      (should (eq t (explog-server-call-sync "reply" '("t")))))))

(ert-deftest explog-rpc-reads-long-replies-like-short-ones ()
  (explog-rpc-tests-with
    (let* ((strings '("é" "漢 \\\"q\\\" \\\\" "\\u0023+begin_src" "a\\nb" "\x3fffff" "(" "]" ";" "'"))
           (text (mapconcat (lambda (string) (format "\"%s\"" string)) strings "\t"))
           (short (format "[%s 1 -2.5 nil t (:a b)]" text))
           (row (explog-server-call-sync "reply" (list short)))
           (rows (explog-server-call-sync
                  "reply" (list (format "[%s]" (mapconcat #'identity (make-list 400 short) " "))))))
      (should (equal "#+begin_src" (aref row 2)))
      (should (= 400 (length rows)))
      (should (seq-every-p (lambda (other) (equal row other)) rows)))))

;;;; Errors

(ert-deftest explog-rpc-takes-any-error ()
  (explog-rpc-tests-with
    (pcase-dolist (`(,text . ,code)
                   '(("nil" . "epc-error") ("(:code)" . "epc-error") ("(:code . x)" . "epc-error")
                     ("(:code x :message (y z))" . "x") ("(:code \"x\" :message nil)" . "x")
                     ("(1 2 3)" . "epc-error") ("\"%s %n\"" . "epc-error")))
      (let ((data (explog-server-tests-error "fail" (list text))))
        (should (equal code (car data)))
        (should (stringp (cadr data)))))
    (let ((data (explog-server-tests-error
                 "fail" (list (format "(:code \"x\" :message \"%s\")" (make-string 3000000 ?y))))))
      (should (< (length (cadr data)) 2100)))))

;;;; Calls

(defconst explog-rpc-tests-methods
  '(("tell" . "(%s)") ("attention" . "(1 (%s))") ("flags" . "((FILE 4 \"1\" \"1234567\" %s))")
    ("changed" . "(%s)") ("entries" . "(((%s %s)))") ("edits" . "(FILE ((\"1\" ((0 %s %s)) (%s))))")
    ("unsaved" . "(%s)") ("eval" . "(%s)") ("funcall" . "(%s)"))
  "Methods that a server may call, or would like to, and their arguments.")

(defun explog-rpc-tests-call (id method text)
  "Have the server make the call ID of METHOD with TEXT; return what Emacs answers."
  (let ((arguments (string-replace "FILE" (prin1-to-string (buffer-file-name)) (cdr method))))
    (explog-server-call-sync
     "send" (list (format "(call %d %s %s)" id (car method) (string-replace "%s" text arguments)))))
  (let (answer)
    (explog-test-wait
     (list "answer to" (car method) text)
     (lambda ()
       (setq answer (explog-server-call-sync "received" nil))
       (string-match-p (format "\\`(return\\(-error\\)? %d " id) answer)))
    answer))

(ert-deftest explog-rpc-answers-hostile-calls ()
  (explog-test-with-log explog-test-log
    (explog-rpc-tests-with
      (let ((explog-mode t) (explog-rpc-functions (make-hash-table :test #'equal))
            (text (buffer-string))
            (id 1000000))
        (pcase-dolist (`(,method . ,function) explog--methods)
          (explog-server-define method function))
        (dolist (method explog-rpc-tests-methods)
          (pcase-dolist (`(,_ . ,text) (explog-rpc-tests-hostile))
            ;; It is told so, and no call of ours ends by it.
            (should (string-match-p "\\`(return-error [0-9]+ (:code \"bad-message\""
                                    (explog-rpc-tests-call (cl-incf id) method text))))
          (dolist (text explog-rpc-tests-harmless)
            (explog-rpc-tests-call (cl-incf id) method text)))
        ;; What was shown does no harm later either.
        (with-temp-buffer (insert text) (run-hooks 'find-file-hook))
        (explog-attention-show)
        (format-mode-line global-mode-string)
        (explog-attention-remove)
        (explog-flags-remove)
        (should (equal text (buffer-substring-no-properties (point-min) (point-max))))))))

(ert-deftest explog-rpc-refuses-arguments-of-other-types ()
  (explog-test-with-log explog-test-log
    (let ((explog-mode t) (find-file-hook nil))
      (dolist (call '((explog-attention-set "1" ("x")) (explog-attention-set 1 "x")
                      (explog-attention-set 1 (x)) (explog-attention-set 1 ("x" . "y"))
                      (explog-attention-set -1 ("x"))
                      (explog-flags-set x) (explog-flags-set (x)) (explog-flags-set (("f" 1 "1" "x")))
                      (explog-flags-set (("f" "1" "1" "x" "m"))) (explog-flags-set (("f" 1 "1" x "m")))
                      (explog-cache-changed 1) (explog-cache-changed ("1" . "2"))
                      (explog-edit-entries 1) (explog-edit-file "x" 1) (explog-edit-file 1 nil)))
        (ert-info ((format "%S" call))
          (should-error (apply (car call) (cdr call)))))
      (should-not find-file-hook)
      (should-not explog-flags--all))))

(ert-deftest explog-rpc-shows-long-messages-in-part ()
  (should (< (length (explog-test-messages (explog-edit-tell (make-string 3000000 ?x)))) 1100)))

(ert-deftest explog-rpc-shows-what-reorders-text ()
  (should (equal "a<202E>b<2066>\n\e" (explog-visible "a\u202eb\u2066\n\e")))
  (should (equal "explog: x<202E>y" (explog-test-messages (explog-edit-tell "x\u202ey"))))
  (with-temp-buffer
    (explog-show-reordering)
    (insert "a \u202e b é")
    (jit-lock-fontify-now)
    (should (equal "<202E>" (get-text-property 3 'display)))
    (should-not (text-property-not-all 4 (point-max) 'display nil))
    (should (equal "a \u202e b é" (buffer-substring-no-properties (point-min) (point-max)))))
  ;; Quotes and keys in a tooltip are those of the message.
  (let ((tooltip (explog-attention--tooltip "`x' \\[shell-command] \u202e")))
    (should (get-text-property 0 'help-echo-inhibit-substitution tooltip))
    (should (string-suffix-p "<202E>" tooltip))))

(ert-deftest explog-rpc-does-not-end-a-call-by-the-server-s-own ()
  "A call of the server that cannot be read has a number of the server's."
  (explog-rpc-tests-with
    (let ((ends (explog-server-tests-collect "silence" nil)))
      (explog-server-call-sync "send" (list "(call 1 tell (#1=(a #1#)))"))
      (explog-server-call-sync "send" (list "(call 2 tell (#1=(a #1#)))"))
      (should-not (funcall ends)))))

(provide 'explog-rpc-tests)
;;; explog-rpc-tests.el ends here
