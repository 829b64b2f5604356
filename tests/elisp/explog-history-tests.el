;;; explog-history-tests.el --- Tests for explog-history.el  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Code:

(require 'explog-test)
(require 'explog-cache)
(require 'explog-history)

(defun explog-history-tests--git (folder &rest args)
  "Return the first line that git with ARGS prints in FOLDER."
  (with-temp-buffer
    (let ((default-directory (file-name-as-directory folder)))
      (unless (eq 0 (apply #'call-process "git" nil t nil args))
        (error "Git %S: %s" args (buffer-string))))
    (goto-char (point-min))
    (buffer-substring (point) (line-end-position))))

(defun explog-history-tests--commit (folder text)
  "Commit TEXT as the file a.txt of the repository FOLDER, and return its id."
  (let ((inhibit-message t))
    (write-region text nil (expand-file-name "a.txt" folder) nil 'silent))
  (explog-history-tests--git folder "add" "a.txt")
  (explog-history-tests--git folder "commit" "-q" "-m" text)
  (explog-history-tests--git folder "rev-parse" "HEAD"))

(defun explog-history-tests--step (number repository commit)
  "Return step NUMBER, which COMMIT of REPOSITORY stands on."
  (make-explog-cache-step
   :number number :text "t" :hash (and commit (substring commit 0 7))
   :repository repository :commit commit))

(defmacro explog-history-tests--with (steps &rest body)
  "Do BODY where every experiment has STEPS, and there is no magit."
  (declare (indent 1) (debug t))
  `(let ((load-path (seq-remove (lambda (folder) (string-match-p "magit" folder))
                                load-path))
         (steps ,steps))
     (cl-letf (((symbol-function 'explog-cache-fetch)
                (lambda (id) (if (equal id "201") (make-explog-cache-experiment :ident id :steps steps) 'unknown))))
       ,@body)))

(ert-deftest explog-diff-test-vc ()
  "Without magit, vc shows what changed."
  (skip-unless (not (featurep 'magit)))
  (explog-test-in-folder
    (let ((folder (expand-file-name "r" explog-test-folder)))
      (make-directory folder)
      (explog-history-tests--git folder "init" "-q")
      (explog-history-tests--git folder "config" "user.name" "A")
      (explog-history-tests--git folder "config" "user.email" "a@example.org")
      (let ((one (explog-history-tests--commit folder "one\n"))
            (two (explog-history-tests--commit folder "two\n")))
        (explog-history-tests--with (list (explog-history-tests--step "1" folder one)
                                       (explog-history-tests--step "2" folder two))
          (save-window-excursion
            (unwind-protect
                (progn
                  (explog-diff "201" "1" "2")
                  (with-current-buffer "*vc-diff*"
                    (while (get-buffer-process (current-buffer))
                      (accept-process-output nil 0.05))
                    (should (string-match-p "^-one\n" (buffer-string)))
                    (should (string-match-p "^\\+two\n" (buffer-string)))))
              (when (get-buffer "*vc-diff*")
                (kill-buffer "*vc-diff*")))))))))

(ert-deftest explog-diff-test-refusals ()
  "What cannot be compared is said in plain words."
  (let ((one (make-string 40 ?1)) (two (make-string 40 ?2)))
    (explog-history-tests--with
        (list (explog-history-tests--step "1" "/r/one" one)
              (explog-history-tests--step "2" "/r/two" two)
              (explog-history-tests--step "3" "/r/one" one)
              (explog-history-tests--step "4" "/r/one/gone" one)
              (explog-history-tests--step "5" "/r/one/gone" two)
              (explog-history-tests--step "6" nil nil)
              (make-explog-cache-step :number "7" :text "t" :hash "abcdef0"))
      (dolist (case '(("201" "1" "2" "are in two repositories, /r/one and /r/two")
                      ("201" "1" "3" "The same commit stands on steps 1 and 3")
                      ("201" "4" "5" "/r/one/gone is not there")
                      ("201" "1" "6" "No commit stands on step 6 of 201")
                      ("201" "7" "1" "bears abcdef0, which is a commit of no repository")
                      ("201" "1" "9" "Experiment 201 has no step 9")
                      ("999" "1" "2" "No log has experiment 999")))
        (pcase-let ((`(,id ,from ,to ,text) case))
          (let ((err (should-error (explog-diff id from to) :type 'user-error)))
            (should (string-match-p (regexp-quote text) (error-message-string err)))))))))

(provide 'explog-history-tests)
;;; explog-history-tests.el ends here
