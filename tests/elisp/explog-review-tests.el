;;; explog-review-tests.el --- Tests of lists of edits  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; Many entries edited at once, the buffers of explog-backfill and
;; explog-check with answers of the server that are given here, and the
;; flags in a log.  What the real server answers is tested end to end.

;;; Code:

(require 'cl-lib)
(require 'ert)
(require 'explog-test)
(require 'explog-backfill)
(require 'explog-check)
(require 'explog-attention)

;;;; Many entries at once

(defun explog-review-tests--rows (&rest marks)
  "Return the rows for `explog-edit-file' that MARKS make: (ID STEP HASH) each."
  (mapcar (pcase-lambda (`(,id ,step ,hash))
            (list id (explog-test-edits id (list step hash))
                  (list (format "e%s.%d ← %s" id step hash))))
          marks))

(defconst explog-review-tests--log
  (string-replace "[X] Test DEF (83d45cd)" "[ ] Test DEF" explog-test-log)
  "A log with a step to be done in each of its two experiments.")

(ert-deftest explog-review-tests-many-entries-are-one-step-for-undo ()
  (explog-test-with-log explog-review-tests--log
    (buffer-enable-undo)
    (let* ((rows (explog-review-tests--rows '("201" 1 "abc1234") '("202" 1 "abc1235")))
           (said (explog-test-messages
                   (should-not (explog-edit-file file rows)))))
      (should (string-search "e201.1 ← abc1234, e202.1 ← abc1235" said))
      (should (string-search "1. [X] Test XYZ without ABC (abc1234)" (buffer-string)))
      (should (string-search "1. [X] Test DEF (abc1235)" (buffer-string)))
      (should-not (buffer-modified-p))
      (let ((last-command nil))
        (undo))
      (should (equal (buffer-string) explog-review-tests--log)))))

(ert-deftest explog-review-tests-an-entry-that-changed-is-left-alone ()
  (explog-test-with-log explog-review-tests--log
    (let ((rows (explog-review-tests--rows '("201" 1 "abc1234") '("202" 1 "abc1235"))))
      (explog-test-goto "Test XYZ without")
      (insert "really ")
      (pcase-let ((`((,id ,why)) (explog-edit-file file rows)))
        (should (equal id "201"))
        (should (string-search "the line changed meanwhile" why)))
      (should (string-search "1. [ ] really Test XYZ" (buffer-string)))
      (should (string-search "1. [X] Test DEF (abc1235)" (buffer-string)))
      (should (buffer-modified-p)))))

(ert-deftest explog-review-tests-a-narrowed-buffer-stays-narrowed ()
  (explog-test-with-log explog-review-tests--log
    (let ((rows (explog-review-tests--rows '("201" 1 "abc1234") '("202" 1 "abc1235"))))
      (explog-test-goto "** TODO Conclusions")
      (narrow-to-region (point) (line-end-position))
      (should-not (explog-edit-file file rows))
      (should (equal (buffer-string) "** TODO Conclusions"))
      (should (string-search "(abc1234)" (explog-test-bytes file))))))

(ert-deftest explog-review-tests-nothing-to-edit-and-read-only ()
  (explog-test-with-log explog-review-tests--log
    (should (equal (explog-edit-file file '(("999" ((0 "x" "y")) ("m"))))
                   '(("999" "log.org: there is no experiment 999 any more"))))
    (setq buffer-read-only t)
    (should-error (explog-edit-file file (explog-review-tests--rows '("201" 1 "abc1234"))))))

(ert-deftest explog-review-tests-unsaved-logs ()
  (explog-test-with-log explog-review-tests--log
    (should-not (explog-edit-unsaved))
    (goto-char (point-max))
    (insert "* TODO [203] New :exp:\n")
    (narrow-to-region (point) (point))
    (should (equal (explog-edit-unsaved) (list (list file "201" "202" "203"))))))

(ert-deftest explog-review-tests-lines-of-many-entries-are-right ()
  (let ((entries (mapconcat (lambda (n) (format "* TODO [%d] Title :exp:\ntext\n" n))
                            (number-sequence 100 130) "")))
    (explog-test-with-log entries
      (let ((wanted (mapcar (lambda (n) (list file (number-to-string n)))
                            (append (number-sequence 100 130) '(101)))))
        (should (equal (mapcar (lambda (entry) (plist-get entry :line))
                               (explog-edit-entries wanted))
                       (append (number-sequence 1 61 2) '(3))))))))

;;;; A server that answers at once

(defmacro explog-review-tests--with-answers (answers &rest body)
  "Do BODY with a server that has ANSWERS: an alist of methods and functions."
  (declare (indent 1) (debug t))
  `(let ((explog-mode t)
         (explog-logs '("/x/log.org")))
     (cl-letf (((symbol-function 'explog-server-call)
                (cl-function
                 (lambda (method args &key success error timeout)
                   (ignore timeout)
                   (let ((answer (apply (or (cdr (assoc method ,answers)) #'ignore) args)))
                     (if (eq (car-safe answer) :error)
                         (funcall error (list :code "x" :message (cadr answer)))
                       (funcall success answer))))))
               ((symbol-function 'explog-server-ready-p) #'ignore))
       (save-window-excursion
         (unwind-protect
             (progn ,@body)
           (dolist (name '("*explog backfill*" "*explog check*"))
             (when (get-buffer name)
               (kill-buffer name))))))))

(defconst explog-review-tests--diff
  "@@ -4,2 +4,2 @@ 201 A
-1. [ ] one
+1. [X] one (abc1234)
-2. [ ] two
+2. [X] two (abc1235)
"
  "What a sheet shows.")

(defun explog-review-tests--sheet (numbers)
  "Return a sheet with the edits that have NUMBERS, of 0 and 1."
  (vector "/x/log.org" 2 "201" "A"
          (if (equal numbers '(0 1))
              explog-review-tests--diff
            (format "@@ -4,1 +4,1 @@ 201 A\n-%d. [ ] x\n+%d. [X] x\n"
                    (1+ (car numbers)) (1+ (car numbers))))
          (vconcat (mapcar (lambda (n)
                             (let ((start (if (equal numbers '(0 1)) (+ 22 (* n 34)) 22)))
                               (vector n (number-to-string (1+ n)) (+ 4 n) "/x/proj"
                                       (make-string 40 ?a) (format "e201.%d ← abc" (1+ n))
                                       start (+ start (if (cdr numbers) 34 20))
                                       "")))
                           numbers))))

(defvar explog-review-tests--applied nil
  "The numbers that were applied.")

(defun explog-review-tests--answers (&optional failures)
  "Return the answers of a server with a plan of two edits.
FAILURES is what it says when they are applied."
  `(("plan" . ,(lambda () (list 7 1 2 [["/x/bad.org" "/x/bad.org: it cannot be read"]])))
    ("sheets" . ,(lambda (&rest _) (vector (explog-review-tests--sheet '(0 1)))))
    ("sheet" . ,(lambda (_plan numbers) (explog-review-tests--sheet numbers)))
    ("unplaced"
     . ,(lambda (&rest _)
          (vector (vector "unknown-step" "e201.9" "/x/proj" (make-string 40 ?b)
                          "no such step" "/x/log.org" 2)
                  (vector "unknown-experiment" "e999.1" "/x/proj" (make-string 40 ?c)
                          "no such experiment" nil nil))))
    ("apply" . ,(lambda (_plan numbers)
                  (setq explog-review-tests--applied numbers)
                  failures))))

(defun explog-review-tests--visible ()
  "Return what can be seen of the current buffer."
  (let ((text ""))
    (dotimes (n (- (point-max) (point-min)) text)
      (unless (invisible-p (+ n (point-min)))
        (setq text (concat text (string (char-after (+ n (point-min))))))))))

(ert-deftest explog-review-tests-a-plan-is-shown ()
  (explog-review-tests--with-answers (explog-review-tests--answers)
    (explog-backfill)
    (should (derived-mode-p 'diff-mode))
    (should buffer-read-only)
    (should (string-prefix-p (concat "--- /x/log.org\n+++ /x/log.org\n"
                                     explog-review-tests--diff)
                             (buffer-string)))
    (should (string-search "The experiment has no such step\n  e201.9" (buffer-string)))
    (should (string-search "No log has the experiment\n  e999.1" (buffer-string)))
    (should (string-search "! /x/bad.org: it cannot be read" (buffer-string)))
    (should (string-match-p "\\`2 edits, 2 not placed" (explog-review--header)))
    (should (looking-at-p "-1\\. \\[ \\] one"))
    (should (equal (explog-backfill--eldoc) "e201.1 ← abc"))
    (should (equal (explog-review-tests--notes) nil))))

(defun explog-review-tests--notes ()
  "Return what is displayed below the edits of the current buffer."
  (delq nil (mapcar (lambda (overlay) (overlay-get overlay 'after-string))
                    (overlays-in (point-min) (point-max)))))

(ert-deftest explog-review-tests-a-dead-hash-that-is-replaced-is-named ()
  (explog-review-tests--with-answers
      `(("sheets" . ,(lambda (&rest _)
                       (let ((sheet (explog-review-tests--sheet '(0 1))))
                         (aset (aref (aref sheet 5) 1) 8 "83d45cd")
                         (vector sheet))))
        ,@(explog-review-tests--answers))
    (explog-backfill)
    (should (equal (explog-review-tests--notes) '("! replaces a dead hash, 83d45cd\n")))
    (explog-review-next)
    (explog-test-messages (explog-backfill-apply))
    (should-not (explog-review-tests--notes))))

(ert-deftest explog-review-tests-moving ()
  (explog-review-tests--with-answers (explog-review-tests--answers)
    (explog-backfill)
    (explog-review-next)
    (should (looking-at-p "-2\\. "))
    (explog-review-next 2)
    (should (looking-at-p "  e999\\.1"))
    (should-error (explog-review-next) :type 'user-error)
    (should (looking-at-p "  e999\\.1"))
    (explog-review-previous 3)
    (should (looking-at-p "-1\\. "))
    (should-error (explog-review-previous) :type 'user-error)))

(ert-deftest explog-review-tests-dropping-and-bringing-back ()
  (explog-review-tests--with-answers (explog-review-tests--answers)
    (explog-backfill)
    (let ((all (buffer-string)))
      (explog-backfill-drop)
      (should (string-search "@@ 201 A\n-2. [ ] x" (explog-review-tests--visible)))
      (should (looking-at-p "-2\\. \\[ \\] x"))
      (explog-backfill-drop)
      (should-not (string-search "log.org\n@@" (explog-review-tests--visible)))
      (should-not (string-search "/x/log.org" (explog-review-tests--visible)))
      (should (string-prefix-p "No hash is missing, 2 not placed" (explog-review--header)))
      (should-error (explog-backfill-apply-all) :type 'user-error)
      (explog-backfill-undrop)
      (explog-backfill-undrop)
      (should (equal-including-properties
               (substring-no-properties (buffer-string)) (substring-no-properties all)))
      (should (equal (explog-review-tests--visible) all))
      (should-error (explog-backfill-undrop) :type 'user-error))))

(ert-deftest explog-review-tests-dropping-all-of-an-experiment-or-a-file ()
  (explog-review-tests--with-answers (explog-review-tests--answers)
    (dolist (head '("@@ " "+++ "))
      (explog-backfill)
      (explog-test-goto head)
      (explog-backfill-drop)
      (should-not (explog-sheet-edits-left))
      (explog-backfill-undrop)
      (should (= 2 (length (explog-sheet-edits-left)))))
    (explog-test-goto "e201.9")
    (should-error (explog-backfill-drop) :type 'user-error)))

(ert-deftest explog-review-tests-applying ()
  (explog-review-tests--with-answers (explog-review-tests--answers)
    (explog-backfill)
    (explog-test-messages (explog-backfill-apply))
    (should (equal explog-review-tests--applied '(0)))
    (should (string-search "-2. [ ] x" (explog-review-tests--visible)))
    (cl-letf (((symbol-function 'y-or-n-p) #'ignore))
      (explog-test-messages (explog-backfill-apply-all)))
    (should (equal explog-review-tests--applied '(0)))
    (cl-letf (((symbol-function 'y-or-n-p) #'always))
      (should (equal (explog-test-messages (explog-backfill-apply-all))
                     "explog: 1 edit made")))
    (should (equal explog-review-tests--applied '(1)))
    (should-not (string-search "@@" (explog-review-tests--visible)))))

(ert-deftest explog-review-tests-what-could-not-be-made-is-stale ()
  (explog-review-tests--with-answers
      (explog-review-tests--answers [[0 "it changed meanwhile"]])
    (explog-backfill)
    (cl-letf (((symbol-function 'y-or-n-p) #'always))
      (should (equal (explog-test-messages (explog-backfill-apply-all))
                     "explog: 1 edit made, 1 not: it changed meanwhile")))
    (should (seq-some (lambda (overlay)
                        (equal (overlay-get overlay 'after-string)
                               "! not written: it changed meanwhile\n"))
                      (overlays-in (point-min) (point-max))))
    (explog-review-first)
    (should-error (explog-backfill-apply) :type 'user-error)
    (should-error (explog-backfill-apply-all) :type 'user-error)
    (revert-buffer)
    (should (= 2 (length (explog-sheet-edits-left))))
    (should-not (seq-some (lambda (overlay) (overlay-get overlay 'after-string))
                          (overlays-in (point-min) (point-max))))))

(ert-deftest explog-review-tests-a-server-that-dies ()
  (explog-review-tests--with-answers '(("plan" . (lambda () '(:error "it died"))))
    (should (equal (explog-test-messages (explog-backfill)) "explog: it died"))
    (should (string-prefix-p "it died" (explog-review--header)))
    (should-not explog-review-busy)))

(ert-deftest explog-review-tests-without-logs ()
  (let ((explog-mode t) (explog-logs nil) (explog-repositories nil))
    (should-error (explog-backfill) :type 'user-error)
    (should-error (explog-check) :type 'user-error)))

(ert-deftest explog-review-tests-without-the-mode ()
  (let ((explog-mode nil))
    (should-error (explog-backfill) :type 'user-error)
    (should-error (explog-check) :type 'user-error)))

(ert-deftest explog-review-tests-what-is-dropped-is-kept-and-listed ()
  (let (kept)
    (explog-review-tests--with-answers
        `(("drop" . ,(lambda (&rest args) (push args kept)))
          ,@(explog-review-tests--answers))
      (explog-backfill)
      (explog-backfill-drop)
      (should (equal kept `(((["/x/log.org" "201" "1" ,(make-string 40 ?a)]) t))))
      (should (string-suffix-p "
Dropped (k brings one back)
  e201.1 ← abc  log.org:4
" (buffer-string)))
      (should (string-prefix-p "1 edit, 2 not placed, 1 dropped" (explog-review--header)))
      (explog-test-goto "  e201.1 ← abc")
      (explog-backfill-drop)
      (should (equal (cadr (car kept)) nil))
      (should-not (string-search "Dropped" (buffer-string)))
      (should (= 2 (length (explog-sheet-edits-left))))
      (should-error (explog-backfill-undrop) :type 'user-error))))

(ert-deftest explog-review-tests-what-was-dropped-before-is-taken-back ()
  (let ((dropped (vector (vector "/x/log.org" 7 "201" "3" "/x/proj" (make-string 40 ?d)
                                 "e201.3 ← ddd (proj)")))
        kept)
    (explog-review-tests--with-answers
        `(("plan" . ,(lambda () (list 7 1 2 [] dropped 2)))
          ("drop" . ,(lambda (&rest args) (setq kept args dropped [])))
          ,@(explog-review-tests--answers))
      (explog-backfill)
      (should (string-search ", 1 dropped, 2 cookies are wrong (M-x explog-check mends them)"
                             (explog-review--header)))
      (explog-test-goto "  e201.3 ← ddd (proj)  log.org:7")
      (should (equal (explog-backfill--eldoc) "e201.3 ← ddd (proj)"))
      (explog-backfill-drop)
      (should (equal kept `((["/x/log.org" "201" "3" ,(make-string 40 ?d)]) nil)))
      (should-not (string-search "Dropped" (buffer-string))))))

(ert-deftest explog-review-tests-all-of-a-file-is-asked-for-and-taken-back ()
  (let (taken)
    (explog-review-tests--with-answers
        `(("unapply" . ,(lambda (_plan numbers) (setq taken numbers) []))
          ,@(explog-review-tests--answers))
      (explog-backfill)
      (let ((all (buffer-string)))
        (explog-test-goto "+++ ")
        (setq explog-review-tests--applied nil)
        (cl-letf (((symbol-function 'y-or-n-p) #'ignore))
          (explog-test-messages (explog-backfill-apply)))
        (should-not explog-review-tests--applied)
        (cl-letf (((symbol-function 'y-or-n-p) #'always))
          (explog-test-messages (explog-backfill-apply)))
        (should (equal explog-review-tests--applied '(0 1)))
        (should-not (explog-sheet-edits-left))
        (should (equal (explog-test-messages (explog-backfill-undrop))
                       "explog: took back 2 edits"))
        (should (equal (sort taken #'<) '(0 1)))
        (should (equal (explog-review-tests--visible) all))))))

;;;; Check

(defun explog-review-tests--problems (text)
  "Return the problems of a log in FILE with TEXT, as a function for the server."
  (lambda ()
    (ignore text)
    (vector (vector "dead-hash" "/x/log.org" 9 "201" "1" "abc1234 is gone" nil nil nil nil nil)
            (vector "cookie" "/x/log.org" 3 "201" nil "[1/2] should be [0/2]" t 2 "x"
                    (vector (vector 1 "** Steps [1/2]\r" "** Steps [0/2]\r")) nil))))

(ert-deftest explog-review-tests-problems-are-listed-and-mended ()
  (let (mended)
    (explog-review-tests--with-answers
        `(("check" . ,(explog-review-tests--problems ""))
          ("mend" . ,(lambda (wishes) (setq mended wishes) [nil])))
      (explog-check)
      (should (equal (buffer-substring-no-properties (point-min) (point-max)) "\
Dead hash (1)
  e201.1    log.org:9: abc1234 is gone

Wrong cookie (1)
→ e201      log.org:3: [1/2] should be [0/2]
"))
      (should (string-prefix-p "2 problems, 1 can be mended" (explog-review--header)))
      (should-error (explog-check-mend) :type 'user-error)
      (should-error (explog-check-mend-kind) :type 'user-error)
      (explog-review-next)
      (explog-test-messages (explog-check-mend))
      (should-not mended)
      (should (equal (explog-review-tests--shown) "\
    line 3
    -** Steps [1/2]
    +** Steps [0/2]
"))
      (explog-check-toggle)
      (should-not (explog-review-tests--shown))
      (explog-test-messages (explog-check-mend-kind))
      (should-not mended)
      (should (equal (explog-test-messages (explog-check-mend-kind)) "explog: 1 mended"))
      (should (equal mended
                     '(["cookie" "/x/log.org" "201" 1
                        [[1 "** Steps [1/2]\r" "** Steps [0/2]\r"]]])))
      (should (looking-at-p "→ e201")))))

(ert-deftest explog-review-tests-a-problem-is-ignored-and-listed-again ()
  (let (kept)
    (explog-review-tests--with-answers
        `(("check" . ,(lambda ()
                        (let ((rows (funcall (explog-review-tests--problems ""))))
                          (when (cadr kept)
                            (aset (aref rows 0) 10 t)
                            (setq rows (vector (aref rows 1) (aref rows 0))))
                          rows)))
          ("ignore" . ,(lambda (&rest args) (setq kept args))))
      (explog-check)
      (explog-test-messages (explog-check-ignore))
      (should (equal kept '((["dead-hash" "/x/log.org" "201" "1" "abc1234 is gone"]) t)))
      (should (equal (buffer-substring-no-properties (point-min) (point-max)) "\
Wrong cookie (1)
→ e201      log.org:3: [1/2] should be [0/2]

Ignored (1); k lists one with the others again
  e201.1    log.org:9: abc1234 is gone
"))
      (should (string-prefix-p "1 problem, 1 can be mended, 1 ignored"
                               (explog-review--header)))
      (should (looking-at-p "→ e201"))
      (explog-review-next)
      (explog-test-messages (explog-check-ignore))
      (should (equal kept '((["dead-hash" "/x/log.org" "201" "1" "abc1234 is gone"]) nil)))
      (should-not (string-search "Ignored" (buffer-string)))
      (should (string-prefix-p "2 problems, 1 can be mended  RET" (explog-review--header))))))

(defun explog-review-tests--shown ()
  "Return the mend that is shown, or nil."
  (when-let ((text (seq-some (lambda (overlay) (overlay-get overlay 'after-string))
                             (overlays-in (point-min) (point-max)))))
    (substring-no-properties text)))

(ert-deftest explog-review-tests-no-problems ()
  (explog-review-tests--with-answers '(("check" . (lambda () [])))
    (should (equal (explog-test-messages (explog-check)) "explog: no problems"))
    (should (equal (buffer-string) "No problems\n"))))

;;;; Flags

(ert-deftest explog-review-tests-flags-come-and-go ()
  (explog-test-with-log explog-test-log
    (let ((explog-mode t)
          (flags `((,file 25 "202" "83d45cd" "83d45cd says [e202.2]: the list was renumbered"))))
      (unwind-protect
          (progn
            (insert "# a line above\n")
            (explog-flags-set flags)
            (let ((overlays (explog-review-tests--flags)))
              (should (= 1 (length overlays)))
              (should (equal (buffer-substring (overlay-start (car overlays))
                                               (overlay-end (car overlays)))
                             "(83d45cd)"))
              (should (equal (substring-no-properties
                              (overlay-get (car overlays) 'after-string))
                             " ← says [e202.2]: the list was renumbered")))
            (kill-buffer (prog1 (current-buffer) (set-buffer-modified-p nil)))
            (with-current-buffer (find-file-noselect file)
              (should (= 1 (length (explog-review-tests--flags))))
              (explog-flags-remove)
              (should-not (explog-review-tests--flags))))
        (explog-flags-remove))
      (should-not (memq #'explog-flags--show find-file-hook)))))

(defun explog-review-tests--flags ()
  "Return the flags in this buffer."
  (seq-filter (lambda (overlay) (overlay-get overlay 'explog-flag))
              (overlays-in (point-min) (point-max))))

(provide 'explog-review-tests)
;;; explog-review-tests.el ends here
